import { describe, expect, test } from "vitest";
import { codeOf, cookieOf, put, show, silenceWarnings, site } from "./support.js";

describe("a cookie goes out where something has changed, and nowhere else", () => {
  test("not to a visitor without a session, and not with a request that only reads", async () => {
    const { visit } = await site();
    const nobody = await visit(show("user"));
    expect(nobody.body).toBe("undefined");
    expect(nobody.headers["set-cookie"]).toBe(undefined);
    const signedIn = cookieOf(await visit(put({ user: "ada" })));
    const read = await visit(show("user"), signedIn);
    expect(read.body).toBe("ada");
    expect(read.headers["set-cookie"]).toBe(undefined);
    expect(read.headers.vary).toBe("Cookie");
  });

  test("with every change: its token holds it, the one before does not", async () => {
    const { visit } = await site();
    const first = cookieOf(await visit(put({ n: 1 })));
    const second = cookieOf(await visit(put({ n: 2, more: [1, "x"] }), first));
    expect((await visit(show("n"), first)).body).toBe("1");
    expect((await visit(show("n", "more"), second)).body).toBe("2 1,x");
  });

  test("with what was changed in place, and with flush", async () => {
    const { visit } = await site();
    const first = cookieOf(await visit(put({ cart: ["bread"], user: "ada" })));
    const second = cookieOf(
      await visit((session, _req, res) => {
        (session.get("cart") as string[]).push("milk");
        res.end();
      }, first),
    );
    expect((await visit(show("cart"), second)).body).toBe("bread,milk");
    const third = cookieOf(
      await visit((session, _req, res) => {
        session.flush();
        res.end();
      }, second),
    );
    expect((await visit(show("cart", "user"), third)).body).toBe("undefined undefined");
  });

  test("with the attributes that were configured, and beside other cookies", async () => {
    const { visit } = await site({ cookieName: "__Host-s", cookieLifetime: 60, sameSite: "strict" });
    const answer = await visit((session, _req, res) => {
      session.set("n", 1);
      res.writeHead(200, { "Set-Cookie": ["a=1"] }).end();
    });
    expect(answer.headers["set-cookie"]?.[0]).toBe("a=1");
    expect(answer.headers["set-cookie"]?.[1]).toMatch(
      /^__Host-s=[\w-]+; Path=\/; Max-Age=60; HttpOnly; Secure; SameSite=Strict$/,
    );
  });

  test("whatever enableSetCookie says; never in a header, nor taken from one or from the URL", async () => {
    const { visit } = await site({ enableSetCookie: false, sidInHeader: true, sidInUrlQuery: true });
    const answer = await visit(put({ n: 1 }));
    expect(cookieOf(answer)).toMatch(/^sessionid=[\w-]+$/);
    expect(answer.headers["x-session-id"]).toBe(undefined);
    expect(answer.headers.vary).toBe("Cookie");
    expect((await visit(show("n"), cookieOf(answer))).body).toBe("1");
  });

  test("on the Fetch edge as well", async () => {
    const { manager } = await site();
    const stored = await manager.handle(new Request("http://host/"), (session) => {
      session.set("user", "ada");
      return Response.redirect("http://host/home", 303);
    });
    const [line = ""] = stored.headers.getSetCookie();
    const request = new Request("http://host/", { headers: { cookie: line.split(";")[0] ?? "" } });
    const read = await manager.handle(request, (session) => new Response(String(session.get("user"))));
    expect(await read.text()).toBe("ada");
    expect(read.headers.getSetCookie()).toEqual([]);
  });
});

describe("regenerate and destroy", () => {
  test("regenerate seals everything again under a new id", async () => {
    const { visit } = await site();
    const ids: string[] = [];
    const first = cookieOf(
      await visit((session, _req, res) => {
        ids.push(session.id);
        session.set("user", "ada");
        res.end();
      }),
    );
    const second = cookieOf(
      await visit(async (session, _req, res) => {
        ids.push(session.id);
        session.set("n", 1);
        await session.regenerate();
        ids.push(session.id);
        res.end();
      }, first),
    );
    const read = await visit((session, _req, res) => {
      ids.push(session.id);
      res.end(`${session.get("user")} ${session.get("n")}`);
    }, second);
    expect(read.body).toBe("ada 1");
    const [created, loaded, renewed, read_] = ids;
    expect([loaded, read_]).toEqual([created, renewed]);
    expect(renewed).not.toBe(loaded);
  });

  test("destroy clears the cookie; so it does where the cookie was worthless; a new session may follow", async () => {
    const { visit, manager } = await site();
    const signedIn = cookieOf(await visit(put({ user: "ada" })));
    for (const cookies of [signedIn, "sessionid=worthless"]) {
      const out = await visit(async (session, req, res) => {
        await manager.destroy(req, res);
        res.end(`${session.get("user")} ${await codeOf(() => session.set("n", 1))}`);
      }, cookies);
      expect(out.body).toBe("undefined SESS_GONE");
      expect(out.headers["set-cookie"]).toEqual([
        "sessionid=; Path=/; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax",
      ]);
      expect(out.headers["cache-control"]).toBe("no-store");
    }
    expect(
      (await visit(async (session, _req, res) => res.end(String(await session.destroy())))).headers["set-cookie"],
    ).toBe(undefined);
  });

  test("a forged, altered or foreign token is nobody: no error, nothing adopted, nothing cleared", async () => {
    const { visit } = await site();
    const signedIn = cookieOf(await visit(put({ user: "ada" }))) ?? "";
    for (const cookies of [
      `${signedIn}A`,
      signedIn.slice(0, -1),
      "sessionid=",
      "sessionid=x",
      `sessionid=${"A".repeat(9000)}`,
    ]) {
      const answer = await visit(show("user"), cookies);
      expect([answer.status, answer.body, answer.headers["set-cookie"]]).toEqual([200, "undefined", undefined]);
      const set = cookieOf(await visit(put({ user: "eve" }), cookies));
      expect((await visit(show("user"), set)).body).toBe("eve");
    }
  });
});

describe("a request that fails", () => {
  test("by a 5xx or a throw: its changes are discarded, and no cookie goes out", async () => {
    silenceWarnings();
    const { visit } = await site();
    const signedIn = cookieOf(await visit(put({ user: "ada" })));
    const failing = await visit((session, _req, res) => {
      session.set("user", "eve");
      res.writeHead(502).end();
    }, signedIn);
    const throwing = await visit((session) => {
      session.set("user", "eve");
      throw new Error("broken");
    }, signedIn);
    expect([failing.status, throwing.status]).toEqual([502, 500]);
    expect([cookieOf(failing), cookieOf(throwing)]).toEqual([undefined, undefined]);
  });

  test("what was acknowledged before goes out with the error: update, release, a new id", async () => {
    silenceWarnings();
    const { visit } = await site();
    const signedIn = cookieOf(await visit(put({ user: "ada", n: 1 })));
    const updated = await visit(async (session, _req, res) => {
      await session.update("n", (n) => Number(n) + 1);
      session.set("user", "eve");
      res.writeHead(502).end();
    }, signedIn);
    expect((await visit(show("user", "n"), cookieOf(updated))).body).toBe("ada 2");
    const released = await visit(async (session) => {
      session.set("n", 7);
      await session.release();
      session.set("user", "eve");
      throw new Error("broken");
    }, signedIn);
    expect((await visit(show("user", "n"), cookieOf(released))).body).toBe("ada 7");
    const renewed = await visit(async (session) => {
      await session.regenerate();
      session.set("big", "x".repeat(9000));
      await session.release();
    }, signedIn);
    expect(renewed.status).toBe(500);
    expect((await visit(show("user", "big"), cookieOf(renewed))).body).toBe("ada undefined");
  });
});

/** From Node 26 on, the first `write` is sent in the next turn. */
const leaving = () => new Promise((resolve) => setImmediate(resolve));

test("once the headers have gone every change is refused, and nothing half done goes out", async () => {
  silenceWarnings();
  const { visit } = await site();
  const signedIn = cookieOf(await visit(put({ user: "ada", list: [1] })));
  const codes: string[] = [];
  const late = await visit(async (session, _req, res) => {
    res.write("begun ");
    await leaving();
    const changes = [
      () => session.set("user", "eve"),
      () => session.set("user", undefined),
      () => session.delete("user"),
      () => session.flush(),
      () => session.update("user", () => "eve"),
      () => session.regenerate(),
      () => session.destroy(),
    ];
    for (const change of changes) codes.push(await codeOf(change));
    await session.release();
    res.end(String(session.get("user")));
  }, signedIn);
  expect(codes).toEqual(Array(7).fill("SESS_HEADERS_SENT"));
  expect(late.body).toBe("begun ada");
  expect(cookieOf(late)).toBe(undefined);
  const mutated = visit(async (session, _req, res) => {
    res.write("begun");
    await leaving();
    (session.get("list") as number[]).push(2);
    res.end();
  }, signedIn);
  await expect(mutated).rejects.toMatchObject({ code: "ECONNRESET" });
});

test("changes at once in one request all stay", async () => {
  const { visit } = await site();
  const add = (n: unknown) => Number(n ?? 0) + 1;
  const answer = await visit(async (session, _req, res) => {
    const all = await Promise.all([session.update("n", add), session.update("n", add), session.update("m", add)]);
    res.end(all.join());
  });
  expect(answer.body).toBe("1,2,1");
  expect((await visit(show("n", "m"), cookieOf(answer))).body).toBe("2 1");
});

test("what the client cannot do is a typed error: look up, count, list, reload, own", async () => {
  const { visit, manager } = await site();
  const asStore = manager as unknown as Record<string, (argument?: string) => Promise<unknown>>;
  for (const method of ["load", "exists", "count", "listOwned", "destroyOwned"]) {
    expect([method, await codeOf(() => asStore[method]?.("x"))]).toEqual([method, "SESS_UNSUPPORTED"]);
  }
  const signedIn = cookieOf(await visit(put({ user: "ada" })));
  const answer = await visit(async (session, _req, res) => {
    const reload = await codeOf(() => session.reload());
    session.owner = "ada";
    const release = await codeOf(() => session.release());
    session.owner = undefined;
    res.end(`${reload} ${release}`);
  }, signedIn);
  expect(answer.body).toBe("SESS_UNSUPPORTED SESS_UNSUPPORTED");
  expect(await manager.gc()).toBe(0);
  expect(manager.startGC()()).toBe(undefined);
});

test("close: later requests are refused, and so are the changes of one under way", async () => {
  silenceWarnings();
  const { visit, manager } = await site();
  const signedIn = cookieOf(await visit(put({ n: 1 })));
  const underWay = await visit(async (session, _req, res) => {
    await manager.close();
    session.set("n", 2);
    res.end("saved");
  }, signedIn);
  expect([underWay.status, cookieOf(underWay)]).toEqual([503, undefined]);
  expect((await visit(show("n"), signedIn)).status).toBe(503);
  await manager.close();
});
