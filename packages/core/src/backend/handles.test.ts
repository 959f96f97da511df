import { describe, expect, test } from "vitest";
import { codeOf, Stage, visit } from "../../test-support/stage.js";
import { ownerKey, sessionKey } from "../ids.js";
import type { OwnedSession, StoreManager } from "../manager/manager.js";
import { memory } from "../memory/memory.js";
import type { SessionData } from "../session/session-store.js";

// A page lists a user's sessions with a button each; the next request ends the one that was meant.

async function processes() {
  const store = memory();
  const [one, two] = [new Stage(store), new Stage(store)];
  return { one, two, a: await one.manager(), b: await two.manager() };
}

async function signIn(manager: StoreManager<SessionData>, user: string, device: string) {
  const session = await visit(manager);
  session.set("device", device);
  session.owner = user;
  await session.release();
  return session;
}

function handleOf(listed: readonly OwnedSession<SessionData>[], device: string): string {
  return listed.find((each) => each.get("device") === device)?.handle ?? "not listed";
}

describe("a session's handle", () => {
  test("ends that session of its owner, and no other", async () => {
    const { a, b } = await processes();
    const phone = await signIn(a, "ada", "phone");
    const laptop = await signIn(b, "ada", "laptop");
    const handle = handleOf(await a.listOwned("ada"), "phone");
    expect(await b.destroyOwned("ada", { handle })).toBe(1);
    expect([await a.exists(phone.id), await a.exists(laptop.id)]).toEqual([false, true]);
    expect(await b.destroyOwned("ada", { handle })).toBe(0);
  });

  test("of another owner's session does nothing, nor does one that nobody has", async () => {
    const { a } = await processes();
    const [, eves] = [await signIn(a, "ada", "phone"), await signIn(a, "eve", "phone")];
    const handle = handleOf(await a.listOwned("eve"), "phone");
    expect(await a.destroyOwned("ada", { handle })).toBe(0);
    expect(await a.exists(eves.id)).toBe(true);
    for (const unknown of ["", "x", "A".repeat(22), eves.id, sessionKey("sessionid", eves.id)]) {
      expect(await a.destroyOwned("eve", { handle: unknown })).toBe(0);
    }
    expect(await a.destroyOwned("nobody", { handle })).toBe(0);
    expect(await a.exists(eves.id)).toBe(true);
  });

  test("a handle that an index lists for somebody else ends nothing", async () => {
    const { a, one } = await processes();
    await signIn(a, "ada", "phone");
    const eves = await signIn(a, "eve", "phone");
    const handle = handleOf(await a.listOwned("eve"), "phone");
    one.alsoListed = [sessionKey("sessionid", eves.id)];
    expect(await a.destroyOwned("ada", { handle })).toBe(0);
    expect(await a.exists(eves.id)).toBe(true);
  });

  test("is the same at every listing, in every process, after saves and under every new id", async () => {
    const { a, b } = await processes();
    const session = await signIn(a, "ada", "phone");
    const handle = handleOf(await a.listOwned("ada"), "phone");
    await session.update("n", () => 1);
    for (let turn = 0; turn < 3; turn++) {
      await session.regenerate();
      await session.update("n", () => turn);
      expect(handleOf(await b.listOwned("ada"), "phone")).toBe(handle);
    }
    expect(await b.destroyOwned("ada", { handle })).toBe(1);
    expect(await a.exists(session.id)).toBe(false);
  });

  test("two sessions have two, and it says nothing of the id or of the key", async () => {
    const { a } = await processes();
    const [phone] = [await signIn(a, "ada", "phone"), await signIn(a, "ada", "laptop")];
    const listed = await a.listOwned("ada");
    const [one, two] = listed.map(({ handle }) => handle);
    expect(one).toMatch(/^[\w-]{22}$/);
    expect(one).not.toBe(two);
    const key = sessionKey("sessionid", phone.id);
    for (const secret of [phone.id, key, Buffer.from(key, "hex").toString("base64url"), ownerKey("sessionid", "ada")]) {
      for (const { handle } of listed) expect(secret.includes(handle) || handle.includes(secret)).toBe(false);
    }
  });

  test("ends a session that gets its new id while the index is read", async () => {
    const { a, b, one } = await processes();
    const session = await signIn(b, "ada", "phone");
    const handle = handleOf(await a.listOwned("ada"), "phone");
    const read = one.hold("read");
    const ended = a.destroyOwned("ada", { handle });
    await read.reached;
    await session.regenerate();
    void read.proceed();
    expect(await ended).toBe(1);
    expect(await a.exists(session.id)).toBe(false);
  });

  test("ends a session that gets its new id when it has been found already", async () => {
    const { a, b, one } = await processes();
    const session = await signIn(b, "ada", "phone");
    const handle = handleOf(await a.listOwned("ada"), "phone");
    const end = one.hold("update");
    const ended = a.destroyOwned("ada", { handle });
    await end.reached;
    await session.regenerate();
    void end.proceed();
    expect(await ended).toBe(1);
    expect(await a.exists(session.id)).toBe(false);
  });

  test("with except, the current session is kept, whatever the handle", async () => {
    const { a } = await processes();
    const session = await signIn(a, "ada", "phone");
    const [only] = await a.listOwned("ada", { current: session });
    expect(await a.destroyOwned("ada", { handle: only?.handle ?? "", except: session })).toBe(0);
    expect(await a.exists(session.id)).toBe(true);
  });

  test("a handle that is no string is refused: a form without the field must not sign out everywhere", async () => {
    const { a } = await processes();
    const session = await signIn(a, "ada", "phone");
    for (const handle of [undefined, null, 5, ["x"]]) {
      expect(await codeOf(a.destroyOwned("ada", { handle } as never))).toBe("SESS_VALUE");
    }
    expect(await a.exists(session.id)).toBe(true);
  });

  test("that is not found while a session cannot be read is an error, and one that is found is ended", async () => {
    const { a, one } = await processes();
    const session = await signIn(a, "ada", "phone");
    const handle = handleOf(await a.listOwned("ada"), "phone");
    one.down = true;
    expect(await codeOf(a.destroyOwned("ada", { handle }))).toBe("SESS_UNAVAILABLE");
    one.down = false;
    expect(await a.destroyOwned("ada", { handle })).toBe(1);
    expect(await a.exists(session.id)).toBe(false);
  });
});
