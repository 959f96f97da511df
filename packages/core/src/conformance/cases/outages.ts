import { isSessionError } from "../../errors.js";
import type { Provider, SessionRecord } from "../../provider.js";
import type { Case } from "../case.js";
import { ConformanceFailure, show } from "../failure.js";
import { type Kit, list, turn } from "../kit.js";
import type { OutageMode } from "../outage.js";
import { takeUncaught } from "../uncaught.js";

/** More than a pool has connections. */
const many = 40;

/** Time for an idle connection to break, in milliseconds. */
const noticing = 200;

const modes = [
  ["down", "is down"],
  ["silent", "does not answer"],
] as const;

/**
 * A failing store: its calls reject in time, never answer that there is no record, and work again without a restart.
 */
export const outageCases: readonly Case[] = modes.flatMap(([mode, doing]): Case[] => [
  {
    id: `outage-rejects-${mode}`,
    rule: "C4",
    title: `every call rejects within ten seconds while the store ${doing}`,
    guide: "#outages",
    needs: ["outage"],
    async run(kit) {
      const provider = await kit.open();
      const [key, record] = [kit.key(), kit.session({ owner: kit.key() })];
      await provider.create(key, record);
      const calls = callsOn(kit, provider, key, record);
      const rejected = ([what, act]: Call) => kit.rejects(act, `${what} while the store ${doing}`);
      await during(kit, mode, () => Promise.all(calls.map(rejected)));
    },
  },
  {
    id: `outage-ends-${mode}`,
    rule: "C4",
    title: `service returns by itself after the store ${mode === "down" ? "was down" : "did not answer"}, all of it`,
    guide: "#outages",
    needs: ["outage"],
    async run(kit) {
      const provider = await kit.open();
      const records = Array.from({ length: many }, () => kit.session());
      const keys = await kit.fill(provider, records);
      // Writes first, so that they use the existing connections.
      const calls = keys.map((key, at) => () => anyCall(kit, provider, key, at)).reverse();
      const failing = () => Promise.all(calls.map((call) => kit.rejects(call, `a call while it ${doing}`)));
      const untouched = keys.slice(0, many / 2);
      await during(kit, mode, failing);
      await serves(kit, provider, untouched, records);
      // Once more, and now idle connections break.
      await during(kit, mode, async () => {
        await new Promise((resolve) => setTimeout(resolve, noticing));
        await failing();
      });
      await serves(kit, provider, untouched, records);
      await writesAreSeen(kit, provider);
    },
  },
  {
    id: `outage-connect-${mode}`,
    rule: "C4",
    title: `connecting rejects with SESS_UNAVAILABLE while the store ${doing}, and succeeds afterwards`,
    guide: "#connecting",
    needs: ["outage"],
    async run(kit) {
      const [first, key, record] = [await kit.open(), kit.key(), kit.session()];
      await first.create(key, record);
      const reason = await during(kit, mode, () => kit.rejects(() => kit.open(), "connecting"));
      const code = isSessionError(reason) ? reason.code : show(reason);
      kit.equal(code, "SESS_UNAVAILABLE", "the code of the rejection");
      const later = await eventually(kit, "connecting after the outage", () => kit.open());
      if (kit.isShared) await serves(kit, later, [key], [record]);
    },
  },
  {
    id: `outage-close-${mode}`,
    rule: "C4",
    title: `close settles within ten seconds while the store ${doing}`,
    guide: "#close",
    needs: ["outage"],
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      await provider.create(key, kit.session());
      await during(kit, mode, async () => {
        const reading = kit.rejects(() => provider.read(key), "read before the close");
        await kit.settles(provider.close());
        await reading;
      });
    },
  },
]);

/** An outage for the duration of `act`. An uncaught error fails the case. */
async function during<T>(kit: Kit, mode: OutageMode, act: () => Promise<T>): Promise<T> {
  const uncaught = takeUncaught();
  try {
    const end = await kit.outage(mode);
    try {
      return await act();
    } finally {
      await end();
      await turn();
    }
  } finally {
    for (const error of uncaught()) kit.fail("what was thrown during the outage", "nothing uncaught", show(error));
  }
}

type Call = readonly [what: string, act: () => Promise<unknown>];

function callsOn(kit: Kit, provider: Provider, key: string, record: SessionRecord): Call[] {
  const { version, expiresAt, owner = "" } = record;
  return [
    ["read of a session", () => provider.read(key)],
    ["read of a free key", () => provider.read(kit.key())],
    ["create on a free key", () => provider.create(kit.key(), kit.session())],
    ["create over a session", () => provider.create(key, kit.session())],
    ["update", () => provider.update(key, kit.session(), version)],
    ["update at another version", () => provider.update(key, kit.session(), kit.version())],
    ["touch", () => provider.touch(key, expiresAt + 1000, version)],
    ["count", () => provider.count()],
    ...(kit.collects ? [["gc", () => provider.gc()] as const] : []),
    ...(provider.readMany === undefined
      ? []
      : [["readMany", async () => provider.readMany?.([key, kit.key()])] as const]),
    ...(provider.keys === undefined ? [] : [["keys", () => list(provider.keys?.())] as const]),
    ...(provider.keysOf === undefined ? [] : [["keysOf", () => list(provider.keysOf?.(owner))] as const]),
  ];
}

/** The first half of the keys is not written: a write during an outage may still be carried out afterwards. */
function anyCall(kit: Kit, provider: Provider, key: string, at: number): Promise<unknown> {
  if (at < many / 2) return provider.read(key);
  if (at % 2 === 0) return provider.update(key, kit.session(), kit.version());
  return provider.create(kit.key(), kit.session());
}

/**
 * Reads until all are answered, with more reads at once than connections and in another order than during the outage.
 * Every answer must be right from the first one on.
 */
async function serves(
  kit: Kit,
  provider: Provider,
  keys: readonly string[],
  records: readonly SessionRecord[],
): Promise<void> {
  const order = [...keys.keys()];
  const twice = [...order.slice(1), ...order];
  await eventually(kit, "reads after the outage, all at once", async () => {
    const came = await Promise.allSettled(twice.map((at) => provider.read(keys[at] ?? "")));
    for (const [place, one] of came.entries()) {
      if (one.status === "fulfilled") kit.record(one.value, records[twice[place] ?? 0], "read after the outage");
    }
    for (const one of came) if (one.status === "rejected") throw one.reason;
  });
}

/** Repeats a call until it no longer rejects: the store recovers by itself, but not at once. */
async function eventually<T>(kit: Kit, what: string, call: () => Promise<T>): Promise<T> {
  const end = performance.now() + kit.returning;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (error instanceof ConformanceFailure) throw error;
      const late = `${show(error)}, after ${kit.returning / 1000} seconds`;
      if (performance.now() > end) kit.fail(what, "an answer", late);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Over every connection of a pool: acknowledged writes are visible to others. */
async function writesAreSeen(kit: Kit, provider: Provider): Promise<void> {
  const other = kit.isShared ? await kit.open() : provider;
  const [start, next] = [kit.session(), kit.session()];
  const keys = await kit.fill(provider, new Array(many).fill(start));
  for (const key of keys) kit.record(await other.read(key), start, "read by another handle of what was created since");
  const answers = await Promise.all(keys.map((key) => provider.update(key, next, start.version)));
  for (const answer of answers) kit.written(answer, "update after the outage");
  for (const key of keys) kit.record(await other.read(key), next, "read by another handle of what was updated since");
}
