import { describe, expect, test } from "vitest";
import { cookieOf, put, show, site } from "./support.js";

describe("idle", () => {
  test("a session that is used lives on; a token is sealed again after a tenth of the idle lifetime, not before", async () => {
    const { visit, wait } = await site({ maxLifetime: 100 });
    let cookies = cookieOf(await visit(put({ user: "ada" })));
    for (let hour = 0; hour < 30; hour++) {
      wait(9_999);
      expect((await visit(show("user"), cookies)).headers["set-cookie"]).toBe(undefined);
      wait(1);
      const read = await visit(show("user"), cookies);
      expect(read.body).toBe("ada");
      expect(read.headers["cache-control"]).toBe("no-store");
      expect(cookieOf(read)).not.toBe(undefined);
      cookies = cookieOf(read);
    }
  });

  test("one that is not used ends, to the millisecond, whatever the browser keeps", async () => {
    const { visit, wait } = await site({ maxLifetime: 100, cookieLifetime: 1000 });
    const cookies = cookieOf(await visit(put({ user: "ada" })));
    wait(99_999);
    const last = await visit(show("user"), cookies);
    expect(last.body).toBe("ada");
    wait(1);
    expect((await visit(show("user"), cookies)).body).toBe("undefined");
    expect((await visit(show("user"), cookieOf(last))).body).toBe("ada");
  });

  test("a 5xx does not prolong it", async () => {
    const { visit, wait } = await site({ maxLifetime: 100 });
    const cookies = cookieOf(await visit(put({ user: "ada" })));
    wait(50_000);
    const failed = await visit((_session, _req, res) => res.writeHead(500).end(), cookies);
    expect(cookieOf(failed)).toBe(undefined);
  });
});

describe("absolute", () => {
  test("a session ends, however busy: by reads, changes, new ids, and every token of it replayed", async () => {
    const { visit, wait } = await site({ maxLifetime: 100, absoluteLifetime: 250 });
    const seen: (string | undefined)[] = [cookieOf(await visit(put({ n: 0 })))];
    for (let n = 1; n <= 5; n++) {
      wait(49_999);
      const answer = await visit(async (session, _req, res) => {
        if (n % 2 === 0) await session.regenerate();
        session.set("n", n);
        res.end();
      }, seen.at(-1));
      seen.push(cookieOf(answer));
    }
    expect((await visit(show("n"), seen.at(-1))).body).toBe("5");
    wait(4);
    expect((await visit(show("n"), seen.at(-1))).body).toBe("5");
    wait(1);
    for (const cookies of seen) expect((await visit(show("n"), cookies)).body).toBe("undefined");
  });

  test("in its last stretch a session is not sealed again for nothing", async () => {
    const { visit, wait } = await site({ maxLifetime: 100, absoluteLifetime: 110 });
    const cookies = cookieOf(await visit(put({ n: 0 })));
    wait(50_000);
    const renewed = await visit(show("n"), cookies);
    expect(cookieOf(renewed)).not.toBe(undefined);
    wait(50_000);
    expect(cookieOf(await visit(show("n"), cookieOf(renewed)))).toBe(undefined);
  });
});
