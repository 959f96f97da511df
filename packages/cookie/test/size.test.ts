import { describe, expect, test } from "vitest";
import { codeOf, cookieOf, put, show, silenceWarnings, site } from "./support.js";

// Browsers keep 4,096 bytes of a cookie, its name and attributes included, and drop a longer one without a word.

const most = 4096;

describe("a session that does not fit", () => {
  test("fails its response before any header goes, by a typed error; the old cookie stays good", async () => {
    const warnings = silenceWarnings();
    const { visit } = await site();
    const signedIn = cookieOf(await visit(put({ user: "ada" })));
    for (const cookies of [undefined, signedIn]) {
      const failed = await visit((session, _req, res) => {
        session.set("big", "x".repeat(5000));
        res.writeHead(200, { "X-App": "1" });
        res.write("saved");
        res.end();
      }, cookies);
      expect(failed.status).toBe(500);
      expect(failed.body).not.toContain("saved");
      expect([failed.headers["x-app"], failed.headers["set-cookie"]]).toEqual([undefined, undefined]);
      expect(warnings.mock.lastCall?.[0]).toMatchObject({ code: "SESS_TOO_LARGE", status: 500 });
    }
    expect((await visit(show("user"), signedIn)).body).toBe("ada");
  });

  test("rejects release, update and regenerate, and can be mended in the same request", async () => {
    const { visit } = await site();
    const signedIn = cookieOf(await visit(put({ user: "ada" })));
    const answer = await visit(async (session, _req, res) => {
      const update = await codeOf(() => session.update("big", () => "x".repeat(5000)));
      session.set("big", "x".repeat(5000));
      session.set("n", 1);
      const release = await codeOf(() => session.release());
      const { id } = session;
      const regenerate = await codeOf(() => session.regenerate());
      const same = session.id === id;
      session.delete("big");
      res.end([update, release, regenerate, same].join(" "));
    }, signedIn);
    expect(answer.body).toBe("SESS_TOO_LARGE SESS_TOO_LARGE SESS_TOO_LARGE true");
    expect((await visit(show("user", "n", "big"), cookieOf(answer))).body).toBe("ada 1 undefined");
  });

  test("is told by its size, not by its content", async () => {
    const { visit } = await site();
    const answer = await visit(async (session, _req, res) => {
      session.set("big", "secret".repeat(1000));
      const said = await session.release().catch((error: Error) => error.message);
      session.flush();
      res.end(said);
    });
    expect(answer.body).toMatch(/^the session needs \d+ bytes, a cookie has \d+$/);
  });
});

test("up to 4,096 bytes of name, value and attributes it fits, and not one step further", async () => {
  silenceWarnings();
  const { visit } = await site({
    cookieName: "__Secure-a-rather-long-name",
    cookieLifetime: 315_360_000,
    domain: "shop.example.com",
    path: "/some/where",
    sameSite: "strict",
    partitioned: true,
    secure: true,
  });
  const lengthWith = async (size: number) => {
    const answer = await visit(put({ big: "x".repeat(size) }));
    return answer.headers["set-cookie"]?.[0]?.length;
  };
  let [fits, fails] = [0, 4000];
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    if ((await lengthWith(middle)) === undefined) fails = middle;
    else fits = middle;
  }
  // Three bytes are four characters, so the fullest cookie has one or two to spare at most.
  const longest = (await lengthWith(fits)) ?? 0;
  expect(longest).toBeGreaterThan(most - 3);
  expect(longest).toBeLessThanOrEqual(most);
});

test("the Max-Age of a session's own lifetime is counted", async () => {
  silenceWarnings();
  const { visit } = await site();
  const longest: number[] = [];
  for (let size = 2600; size < 2900; size++) {
    const answer = await visit((session, _req, res) => {
      session.lifetime = 315_360_000;
      session.set("big", "x".repeat(size));
      res.end();
    });
    longest.push(answer.headers["set-cookie"]?.[0]?.length ?? 0);
  }
  expect(longest.at(-1)).toBe(0);
  expect(Math.max(...longest)).toBeGreaterThan(4000);
  expect(Math.max(...longest)).toBeLessThanOrEqual(most);
});
