import type { Provider, SessionRecord } from "../../provider.js";
import { type Broken, perStore } from "./bench.js";
import { unreachable, type Wire } from "./wire.js";

type Client = NonNullable<Broken["client"]>;

const rejects = ["outage-rejects-down", "outage-rejects-silent"];
const ends = ["outage-ends-down", "outage-ends-silent"];
const most = 10;

function broken(name: string, fails: readonly string[], client: Client, more: Pick<Broken, "hangs"> = {}): Broken {
  return { name, fails, edit: () => ({}), client, ...more };
}

async function* unlessDown(keys: AsyncIterable<string> | undefined): AsyncGenerator<string> {
  try {
    yield* keys ?? [];
  } catch (error) {
    if (error !== unreachable) throw error;
  }
}

/** Returns what `instead` gives if the store cannot be reached. */
async function or<T>(call: Promise<T>, instead: T): Promise<T> {
  return call.catch((error) => (error === unreachable ? instead : Promise.reject(error)));
}

/** A pool of ten that loses the connection of each failed call. */
function leaking(sound: Provider): Partial<Provider> {
  let lost = 0;
  async function lend<T>(call: () => Promise<T>): Promise<T> {
    if (lost >= most) throw unreachable;
    return call().catch((error) => {
      lost += 1;
      throw error;
    });
  }
  return {
    read: (key) => lend(() => sound.read(key)),
    create: (key, record) => lend(() => sound.create(key, record)),
    update: (key, record, expected) => lend(() => sound.update(key, record, expected)),
  };
}

/** After a failed write, later writes go into a transaction that is never committed. */
function inTransaction(sound: Provider): Partial<Provider> {
  const pending = new Map<string, SessionRecord>();
  let isOpen = false;
  const failed = (error: unknown) => {
    isOpen = isOpen || error === unreachable;
    return Promise.reject(error);
  };
  return {
    read: async (key) => pending.get(key) ?? sound.read(key),
    async create(key, record) {
      if (isOpen && (await sound.read(key)) === undefined) pending.set(key, record);
      return pending.has(key) || sound.create(key, record).catch(failed);
    },
    update: (key, record, expected) => sound.update(key, record, expected).catch(failed),
  };
}

/** Requests wait in a queue, and each answer goes to the first of them. */
function outOfStep(sound: Provider, wire: Wire): Partial<Provider> {
  const asked: string[] = [];
  return {
    read(key) {
      asked.push(key);
      return wire.isSilent ? sound.read(key) : sound.read(asked.shift() ?? key);
    },
  };
}

/** Does not connect again after the first failure. */
function givingUp(sound: Provider): Partial<Provider> {
  let isLost = false;
  return {
    read: (key) =>
      (isLost ? Promise.reject(unreachable) : sound.read(key)).catch((error) => {
        isLost = true;
        throw error;
      }),
  };
}

const cutHandles = perStore(() => new Set<Wire>());

/** Connectors that handle a failing store wrongly. */
export const brokenOutages: readonly Broken[] = [
  broken(
    "read takes a failure for nothing",
    [...rejects, ...ends, "outage-close-down", "outage-close-silent"],
    (sound) => ({
      read: (key) => or(sound.read(key), undefined),
    }),
  ),
  broken("create takes a failure for a key that is taken", [...rejects, ...ends], (sound) => ({
    create: (key, record) => or(sound.create(key, record), false),
  })),
  broken("update takes a failure for a refusal", [...rejects, ...ends], (sound) => ({
    update: (key, record, expected) => or(sound.update(key, record, expected), { written: false, current: undefined }),
  })),
  broken("touch takes a failure for a refusal", rejects, (sound) => ({
    touch: (key, expiresAt, expected) => or(sound.touch(key, expiresAt, expected), false),
  })),
  broken("count counts nothing where it failed", rejects, (sound) => ({ count: () => or(sound.count(), 0) })),
  broken("gc says nothing of a failure", rejects, (sound) => ({ gc: () => or(sound.gc(), 0) })),
  broken("keys ends early where it failed", rejects, (sound) => ({ keys: () => unlessDown(sound.keys?.()) })),
  broken("keysOf ends early where it failed", rejects, (sound) => ({
    keysOf: (owner) => unlessDown(sound.keysOf?.(owner)),
  })),
  broken(
    "the driver has no time-out",
    ["outage-rejects-silent", "outage-ends-silent", "outage-close-silent"],
    (_, wire, { real }) => ({ read: (key) => wire.carryPatiently(() => real.read(key)) }),
    { hangs: true },
  ),
  broken("a connection is lost with each failure", ends, leaking, { hangs: true }),
  broken("a transaction stays open after a failure", ends, inTransaction),
  broken("answers that come late go to whoever asks next", ["outage-ends-silent"], outOfStep),
  broken("a connection that was lost is lost for good", ends, givingUp, { hangs: true }),
  broken(
    "nobody hears of a connection that breaks",
    ["outage-rejects-down", "outage-ends-down", "outage-connect-down", "outage-close-down"],
    (_, wire, { store }) => {
      if (!cutHandles(store).has(wire)) wire.onCut(() => setImmediate(() => Promise.reject(new Error("ECONNRESET"))));
      cutHandles(store).add(wire);
      return {};
    },
  ),
  broken(
    "close waits for the store",
    ["outage-close-down", "outage-close-silent"],
    (sound, wire) => ({ close: () => wire.whenUp.then(() => sound.close()) }),
    { hangs: true },
  ),
];
