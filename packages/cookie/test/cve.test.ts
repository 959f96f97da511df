import { createCipheriv, createHmac, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { cookie } from "../src/provider.js";
import { cookieOf, newKey, put, show, site } from "./support.js";

// The worst bugs of this field: one test each that fails where we have it too.

test("@fastify/secure-session CVE-2024-31999: a token kept by its owner is refused past its session's lifetime", async () => {
  const { visit, wait } = await site({ maxLifetime: 60, absoluteLifetime: 3600, cookieLifetime: 86_400 });
  const kept = cookieOf(await visit(put({ user: "ada" })));
  let current = kept;
  for (let minute = 0; minute < 59; minute++) {
    wait(59_000);
    current = cookieOf(await visit(show("user"), current)) ?? current;
  }
  expect((await visit(show("user"), current)).body).toBe("ada");
  expect((await visit(show("user"), kept)).body).toBe("undefined");
  wait(3_600_000);
  expect((await visit(show("user"), current)).body).toBe("undefined");
  // Nor does a replayed token become a fresh one by being changed.
  const changed = cookieOf(await visit(put({ n: 1 }), current));
  expect((await visit(show("user", "n"), changed)).body).toBe("undefined 1");
});

test("rack CVE-2026-39324: what cannot be opened is not read in another way", async () => {
  const { visit } = await site();
  const token = cookieOf(await visit(put({ user: "ada" }))) ?? "";
  const data = `{"e":1,"c":${Date.now()},"p":[],"f":[["user",6]]}\n"root"`;
  const record = { data, version: "A".repeat(43), expiresAt: Date.now() + 3_600_000 };
  const forms = [record, [record], { session: record }, data].map((form) =>
    typeof form === "string" ? form : JSON.stringify(form),
  );
  for (const form of forms) {
    for (const encoding of ["base64", "base64url", "hex"] as const) {
      const forged = Buffer.from(form).toString(encoding);
      for (const value of [
        forged,
        `${token.slice("sessionid=".length).slice(0, 8)}${forged}`,
        `${forged}--${"0".repeat(64)}`,
      ]) {
        const answer = await visit(show("user"), `sessionid=${value}`);
        expect([answer.status, answer.body]).toEqual([200, "undefined"]);
      }
    }
  }
  // Sealed without a tag, with a zero key, or by an HMAC over plain text under a key that anybody has.
  const cipher = createCipheriv("aes-256-gcm", Buffer.alloc(32), Buffer.alloc(12));
  const zero = Buffer.concat([cipher.update(JSON.stringify(record)), cipher.final(), cipher.getAuthTag()]);
  const signed = `${Buffer.from(data).toString("base64url")}.${createHmac("sha256", "").update(data).digest("base64url")}`;
  for (const value of [zero.toString("base64url"), signed, randomBytes(200).toString("base64url")]) {
    expect((await visit(show("user"), `sessionid=${value}`)).body).toBe("undefined");
  }
});

describe("Flask CVE-2025-47278: the newest key seals, the others only open", () => {
  test("of three", async () => {
    const [newest, older, oldest] = [newKey(), newKey(), newKey()];
    const all = await site({}, { keys: [newest, older, oldest] });
    const cookies = cookieOf(await all.visit(put({ user: "ada" })));
    const seenBy = async (...keys: Uint8Array[]) =>
      (await (await site({}, { keys })).visit(show("user"), cookies)).body;
    expect(await seenBy(newest)).toBe("ada");
    expect(await seenBy(older, oldest)).toBe("undefined");
  });

  test("a session that an old key sealed is sealed by the newest as soon as it is sealed again", async () => {
    const [newest, older] = [newKey(), newKey()];
    const before = await site({}, { keys: [older] });
    const old = cookieOf(await before.visit(put({ user: "ada" })));
    const during = await site({}, { keys: [newest, older] });
    const renewed = cookieOf(await during.visit(put({ n: 1 }), old));
    const after = await site({}, { keys: [newest] });
    expect((await after.visit(show("user"), renewed)).body).toBe("ada");
  });
});

describe("Flask CVE-2023-30861: no cache keeps a response with somebody's session in it", () => {
  test("a response that sets the cookie is not stored, one that only looked varies by cookie", async () => {
    const { visit, wait } = await site({ maxLifetime: 100 });
    const created = await visit((session, _req, res) => {
      session.set("user", "ada");
      res.writeHead(200, { "Cache-Control": "public, max-age=3600", Vary: "Accept" }).end("hello");
    });
    expect([created.headers["cache-control"], created.headers.vary]).toEqual(["no-store", "Accept, Cookie"]);
    const looked = await visit((session, _req, res) => {
      res.setHeader("Cache-Control", "public, max-age=3600").end(String(session.has("user")));
    }, cookieOf(created));
    expect([looked.headers["cache-control"], looked.headers.vary]).toEqual(["public, max-age=3600", "Cookie"]);
    // Flask's case: nothing was changed, and the cookie goes out only because it was time to renew it.
    wait(50_000);
    const renewed = await visit((session, _req, res) => {
      res.setHeader("Cache-Control", "public, max-age=3600").end(String(session.has("user")));
    }, cookieOf(created));
    expect(cookieOf(renewed)).not.toBe(undefined);
    expect([renewed.headers["cache-control"], renewed.headers.vary]).toEqual(["no-store", "Cookie"]);
  });

  test("and one that clears it is not stored either", async () => {
    const { visit } = await site();
    const out = await visit(
      async (session, _req, res) => {
        await session.destroy();
        res.setHeader("Cache-Control", "public").end();
      },
      cookieOf(await visit(put({ user: "ada" }))),
    );
    expect(out.headers["cache-control"]).toBe("no-store");
  });
});

test("no key, token or value shows when a provider, its connector or an error is printed", async () => {
  const { inspect } = await import("node:util");
  const key = newKey();
  const connector = cookie({ keys: [key] });
  const provider = await connector.connect({ now: Date.now, contract: 1, cookieName: "sid", namespace: "sid" });
  const shown = [connector, provider].map((each) => inspect(each, { depth: 9, showHidden: true })).join();
  for (const encoding of ["hex", "base64url", "base64"] as const) {
    expect(shown).not.toContain(Buffer.from(key).toString(encoding).slice(0, 8));
  }
  expect(shown).not.toMatch(/Uint8Array|Buffer/);
});
