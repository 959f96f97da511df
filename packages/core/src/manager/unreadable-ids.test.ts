import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventsOf } from "../../test-support/events.js";
import { idOf, show, signIn } from "../../test-support/handlers.js";
import { stored } from "../../test-support/stage.js";
import type { ManagerConfig } from "../config/options.js";
import type { ResponseEvent } from "../diagnostics.js";
import { SessionError } from "../errors.js";
import { sessionKey } from "../ids.js";
import { memory } from "../memory/memory.js";
import type { Provider, ProviderContext, SessionRecord, StoreConnector } from "../provider.js";
import type { SessionData } from "../session/session-store.js";
import { createManager } from "./create-manager.js";
import type { FetchHandler } from "./manager.js";

// Of several ids one leads to what cannot be read: a record of a newer version, or one that is too large. See decision 031.

const events = eventsOf<ResponseEvent>("sess:response");
beforeEach(() => {
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Memory, with the optional `readMany` or without. */
class Store implements StoreConnector {
  readonly kind = "store";
  readonly name = "memory";
  /** Keys of records that the provider itself cannot understand. */
  readonly foreign = new Set<string>();
  raw!: Provider;
  readonly #many: boolean;

  constructor(many: boolean) {
    this.#many = many;
  }

  async connect(context: ProviderContext): Promise<Provider> {
    const inner = await memory().connect(context);
    this.raw = inner;
    const read = async (key: string) => {
      if (this.foreign.has(key)) throw new SessionError("SESS_ENVELOPE", "a later version wrote this record");
      return inner.read(key);
    };
    return {
      ...(this.#many && { readMany: (keys: readonly string[]) => Promise.all(keys.map(read)) }),
      read,
      create: (key, record) => inner.create(key, record),
      update: (key, record, expected) => inner.update(key, record, expected),
      touch: (key, expiresAt, expected) => inner.touch(key, expiresAt, expected),
      count: () => inner.count(),
      gc: () => inner.gc(),
      close: () => inner.close(),
    };
  }

  async change(id: string, change: (record: SessionRecord) => Partial<SessionRecord>): Promise<void> {
    const key = sessionKey("sessionid", id);
    const record = (await this.raw.read(key)) as SessionRecord;
    await this.raw.update(key, { ...record, ...change(record), version: "changed" }, record.version);
  }

  async retired(id: string): Promise<string | undefined> {
    return (await this.raw.read(sessionKey("sessionid", id)))?.retired;
  }
}

const newer = () => ({ data: '{"e":2}\nfuture' });
const large = ({ data }: SessionRecord) => ({ data: data.padEnd(2000) });
const dead = "0".repeat(43);

async function site(many: boolean, config: ManagerConfig = {}) {
  const store = new Store(many);
  const manager = await createManager(store, { maxBytes: 1000, sidInHeader: true, ...config });
  const visit = (handler: FetchHandler<SessionData>, cookies: readonly string[], header?: string) => {
    const cookie = cookies.map((id) => `sessionid=${id}`).join("; ");
    const headers = { ...(cookie !== "" && { cookie }), ...(header !== undefined && { "x-session-id": header }) };
    return manager.handle(new Request("http://shop.test/", { headers }), handler);
  };
  const see = async (...asked: [readonly string[], string?]) => {
    const response = await visit(show, ...asked);
    return response.ok ? response.text() : `${response.status}`;
  };
  return { store, manager, visit, see, mine: await stored(manager, { user: "ada" }), other: await stored(manager) };
}

describe.each([
  ["one by one", false],
  ["in one round trip", true],
] as const)("read %s", (_, many) => {
  test.each([
    ["of a newer version", newer],
    ["too large", large],
  ] as const)(
    "a session that is %s counts as one: beside a live one neither does, and signing in helps",
    async (_, change) => {
      const { store, visit, see, mine, other } = await site(many);
      await store.change(other, change);
      for (const both of [
        [mine, other],
        [other, mine, dead],
      ]) {
        expect(await see(both)).toBe("undefined");
        expect(events.at(-1)?.cookie).toBe("ambiguous");
      }
      const id = idOf(await visit(signIn, [other, mine]));
      expect([await store.retired(mine), await store.retired(other)]).toEqual(["", ""]);
      expect(await see([other, id])).toBe("ada");
    },
  );

  test("in a place that is asked later it hides no live one, and in one that is asked earlier it is the request's", async () => {
    const { store, see, mine, other } = await site(many);
    await store.change(other, newer);
    expect(await see([mine], other)).toBe("ada");
    expect(await see([other], mine)).toBe("503");
  });

  test("beside ids that lead nowhere it is the request's, as it is alone", async () => {
    const { store, see, other } = await site(many);
    await store.change(other, newer);
    expect([await see([other]), await see([dead, other]), await see([other, dead])]).toEqual(["503", "503", "503"]);
  });

  test("a marker that cannot be read hides no live one", async () => {
    const { store, manager, see, mine, other } = await site(many);
    await (await manager.load(other))?.regenerate();
    await store.change(other, newer);
    expect([await see([other, mine]), await see([mine, other])]).toEqual(["ada", "ada"]);
  });

  test("a damaged record is no session, and hides none", async () => {
    const { store, see, mine, other } = await site(many);
    await store.change(other, () => ({ data: "torn" }));
    expect(await see([other, mine])).toBe("ada");
  });
});

test("what the provider itself cannot read counts as a session", async () => {
  const { store, see, mine, other } = await site(false);
  store.foreign.add(sessionKey("sessionid", other));
  expect([await see([mine, other]), await see([other, dead]), await see([mine], other)]).toEqual([
    "undefined",
    "503",
    "ada",
  ]);
});
