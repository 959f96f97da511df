import { createManager, memory, type SessionStore, type StoreManager } from "@sess/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { availableProviders, openStore } from "./processes/stores.js";

// An owner's sessions through the Manager, over every store. The kit tests the providers' part, and core's own tests
// test core's part on the memory provider. Two Managers on one store represent two processes.

interface Fields {
  device: string;
}

type Sessions = StoreManager<Fields>;

interface Site {
  readonly a: Sessions;
  readonly b: Sessions;
  stop(): Promise<void>;
}

async function openSite(provider: string, why: (line: string) => void): Promise<Site | undefined> {
  if (provider === "memory") {
    const connector = memory();
    return siteOf(
      () => createManager<Fields>(connector),
      async () => {},
    );
  }
  const store = await openStore(provider, why);
  if (store === undefined) return undefined;
  await import(`@sess/${provider}`);
  const json = JSON.stringify({ providerConfig: store.config });
  return siteOf(
    () => createManager<Fields>(provider, json),
    () => store.stop(),
  );
}

async function siteOf(open: () => Promise<Sessions>, stop: () => Promise<void>): Promise<Site> {
  const [a, b] = [await open(), await open()];
  return {
    a,
    b,
    async stop() {
      await Promise.all([a.close(), b.close()]);
      await stop();
    },
  };
}

/** A request with a session's id, or without one. */
async function visit<T>(
  sessions: Sessions,
  id: string,
  act: (session: SessionStore<Fields>) => Promise<T>,
): Promise<T> {
  let result: T | undefined;
  const request = new Request("http://localhost/", { headers: { cookie: `sessionid=${id}` } });
  const response = await sessions.handle(request, async (session) => {
    result = await act(session);
    return new Response();
  });
  if (response.status !== 200) throw new Refused(response.status);
  return result as T;
}

class Refused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`refused with ${status}`);
    this.status = status;
  }
}

/** Like login code: an existing session gets an owner, and with it a new id. Resolves to that id. */
async function signIn(sessions: Sessions, owner: string, device: string): Promise<string> {
  const before = await visit(sessions, "", async (session) => {
    session.set("device", device);
    return session.id;
  });
  return visit(sessions, before, async (session) => {
    session.owner = owner;
    await session.regenerate();
    return session.id;
  });
}

/** The ids that are sessions for the other Manager. */
async function alive({ b }: Site, ids: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const id of ids) if (await b.exists(id)) found.push(id);
  return found;
}

const logins = 1000;
const atOnce = 50;
/** How many logins were acknowledged when the owner is signed out everywhere. */
const before = 400;

interface Login {
  readonly owner: string;
  readonly id: string;
}

/** Runs all logins, every tenth for another user. Calls `midway` once, while the others are under way. */
async function loginsUnderWay({ a, b }: Site, midway: (acknowledged: readonly Login[]) => Promise<void>) {
  const acknowledged: Login[] = [];
  const refused: number[] = [];
  let next = 0;
  let revoking: Promise<void> | undefined;
  const user = async () => {
    for (let index = next++; index < logins; index = next++) {
      const owner = index % 10 === 0 ? "eve" : "ada";
      try {
        const id = await signIn(index % 2 === 0 ? a : b, owner, `device ${index}`);
        acknowledged.push({ owner, id });
      } catch (error) {
        if (!(error instanceof Refused) || owner !== "ada") throw error;
        refused.push(error.status);
      }
      if (acknowledged.length >= before) revoking ??= midway([...acknowledged]);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, user));
  await revoking;
  return { acknowledged, refused };
}

describe.each(["memory", ...availableProviders()])("an owner's sessions over %s", (provider) => {
  let site: Site | undefined;
  let reason = "";
  beforeAll(async () => {
    site = await openSite(provider, (line) => {
      reason = line;
    });
    if (process.env.CI) expect(reason).toBe("");
  }, 120_000);
  afterAll(() => site?.stop());

  test("are listed with the current one marked, and ended but for that one", async (context) => {
    if (site === undefined) return context.skip(reason);
    const { a, b } = site;
    const [phone, laptop] = [await signIn(a, "ann", "phone"), await signIn(b, "ann", "laptop")];
    const other = await signIn(b, "bob", "tablet");
    const listed = await visit(a, laptop, (session) => a.listOwned("ann", { current: session }));
    const shown = listed.map((each) => `${each.get("device")} ${each.current ? "here" : "there"}`);
    expect(shown.sort()).toEqual(["laptop here", "phone there"]);
    expect(await visit(a, laptop, (session) => a.destroyOwned("ann", { except: session }))).toBe(1);
    expect(await alive(site, [phone, laptop, other])).toEqual([laptop, other]);
    expect((await b.listOwned("ann")).map((each) => each.get("device"))).toEqual(["laptop"]);
    expect(await b.destroyOwned("ann")).toBe(1);
    expect(await alive(site, [phone, laptop, other])).toEqual([other]);
  });

  test("signed out everywhere amid logins: each that was acknowledged before is dead, no other is harmed", {
    timeout: 120_000,
  }, async (context) => {
    if (site === undefined) return context.skip(reason);
    const { a } = site;
    const earlier = await signIn(a, "eve", "an earlier device");
    let doomed: readonly string[] = [];
    let ended = 0;
    let later = "";
    const { acknowledged, refused } = await loginsUnderWay(site, async (done) => {
      doomed = done.filter(({ owner }) => owner === "ada").map(({ id }) => id);
      ended = await a.destroyOwned("ada");
      later = await signIn(a, "ada", "a later device");
    });
    expect(doomed.length).toBeGreaterThan(before / 2);
    expect(await alive(site, doomed)).toEqual([]);
    expect(ended).toBeGreaterThanOrEqual(doomed.length);
    const others = acknowledged.filter(({ owner }) => owner === "eve").map(({ id }) => id);
    expect(others).toHaveLength(logins / 10);
    expect(await alive(site, [...others, earlier, later])).toEqual([...others, earlier, later]);
    // A login that the revocation interrupted got an error: it is not signed in, and knows it.
    expect(refused.filter((status) => status !== 409)).toEqual([]);
    expect(acknowledged.length + refused.length).toBe(logins);
    const survivors = acknowledged.filter(({ owner }) => owner === "ada").map(({ id }) => id);
    const listed = await a.listOwned("ada");
    expect(listed).toHaveLength((await alive(site, survivors)).length + 1);
  });
});
