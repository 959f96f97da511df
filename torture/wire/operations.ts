import { randomBytes } from "node:crypto";
import type { Provider, SessionRecord, Update } from "@sess/core";

/** The outcome of one call. */
export type Outcome = { readonly resolved: unknown } | { readonly rejected: unknown };

/** What is wrong. A record of another key is counted separately, because it is another user's session. */
export interface Wrong {
  readonly what: string;
  readonly foreign?: boolean;
}

/** Times each wait for the provider: the whole of a call, or one step of a list. */
export type Timed = <T>(wait: () => Promise<T>) => Promise<T>;

/** A prepared operation: its records are stored. */
export interface Act {
  run(store: Provider, timed: Timed): Promise<unknown>;
  /** Compares the outcome with what is stored, read over a connection without faults. */
  judge(outcome: Outcome, direct: Provider): Promise<readonly Wrong[]>;
}

export interface Operation {
  readonly name: string;
  prepare(direct: Provider): Promise<Act>;
}

const owner = "f".repeat(64);
const lifetime = 600_000;

export function newKey(): string {
  return randomBytes(32).toString("hex");
}

/** A record that names its key: its data begins with it. */
export function recordOf(key: string, fields: Partial<SessionRecord> = {}): SessionRecord {
  const version = randomBytes(16).toString("hex");
  return { data: `${key} ${version}`, version, expiresAt: Date.now() + lifetime, ...fields };
}

function isSame(a: SessionRecord | undefined, b: SessionRecord | undefined): boolean {
  const text = (record: SessionRecord | undefined) =>
    record && JSON.stringify([record.data, record.version, record.expiresAt, record.owner, record.retired]);
  return text(a) === text(b);
}

/** What is wrong about a record that should be one of several. */
function among(
  what: string,
  key: string,
  found: SessionRecord | undefined,
  right: (SessionRecord | undefined)[],
): Wrong[] {
  if (right.some((each) => isSame(each, found))) return [];
  if (found === undefined) return [{ what: `${what}: nothing is there` }];
  const foreign = !found.data.startsWith(key);
  return [{ what: `${what}: ${foreign ? "the record of another key" : "a record that nobody wrote so"}`, foreign }];
}

/** A rejection says that the store failed, and nothing else. */
export function rejectedRightly(outcome: Outcome): Wrong[] {
  if (!("rejected" in outcome)) return [];
  const { rejected } = outcome;
  const code: unknown = typeof rejected === "object" && rejected !== null ? Reflect.get(rejected, "code") : undefined;
  return code === "SESS_UNAVAILABLE" ? [] : [{ what: `rejected with ${String(code ?? rejected)}` }];
}

const read: Operation = {
  name: "read",
  async prepare(direct) {
    const key = newKey();
    const record = recordOf(key, { owner });
    await direct.create(key, record);
    return {
      run: (store, timed) => timed(() => store.read(key)),
      judge: async (outcome) => {
        if ("rejected" in outcome) return rejectedRightly(outcome);
        return among("read", key, outcome.resolved as SessionRecord | undefined, [record]);
      },
    };
  },
};

const create: Operation = {
  name: "create",
  async prepare() {
    const key = newKey();
    const record = recordOf(key, { owner });
    return {
      run: (store, timed) => timed(() => store.create(key, record)),
      judge: async (outcome, direct) => {
        // It may be false because the first sending was executed and the second refused: then our record is stored.
        const right = "rejected" in outcome ? [record, undefined] : [record];
        return [...rejectedRightly(outcome), ...among("after create", key, await direct.read(key), right)];
      },
    };
  },
};

/** An update from one record to another, each a session or a marker. */
function update(name: string, from: Partial<SessionRecord>, to: Partial<SessionRecord>): Operation {
  return {
    name,
    async prepare(direct) {
      const key = newKey();
      const [before, after] = [recordOf(key, from), recordOf(key, { owner, ...to })];
      await direct.create(key, before);
      return {
        run: (store, timed) => timed(() => store.update(key, after, before.version)),
        judge: async (outcome, direct) => {
          const stored = await direct.read(key);
          if ("rejected" in outcome)
            return [...rejectedRightly(outcome), ...among("after update", key, stored, [before, after])];
          const answer = outcome.resolved as Update;
          const wrong = among("after update", key, stored, [after]);
          // Refused by its own record: the first sending was executed, and this is the second.
          if (!answer.written) wrong.push(...among("refusal", key, answer.current, [after]));
          return wrong;
        },
      };
    },
  };
}

const touch: Operation = {
  name: "touch",
  async prepare(direct) {
    const key = newKey();
    const before = recordOf(key, { owner });
    const after = { ...before, expiresAt: before.expiresAt + lifetime };
    await direct.create(key, before);
    return {
      run: (store, timed) => timed(() => store.touch(key, after.expiresAt, before.version)),
      judge: async (outcome, direct) => {
        const stored = await direct.read(key);
        if ("rejected" in outcome)
          return [...rejectedRightly(outcome), ...among("after touch", key, stored, [before, after])];
        const wrong = among("after touch", key, stored, [after]);
        return outcome.resolved === true ? wrong : [...wrong, { what: "touch says that the session is not there" }];
      },
    };
  },
};

const count: Operation = {
  name: "count",
  async prepare(direct) {
    const least = await direct.count();
    return {
      run: (store, timed) => timed(() => store.count()),
      judge: async (outcome, direct) => {
        if ("rejected" in outcome) return rejectedRightly(outcome);
        const [found, most] = [Number(outcome.resolved), await direct.count()];
        // The neighbours create some records meanwhile.
        return found >= least && found <= most ? [] : [{ what: `counted ${found} of ${least} to ${most}` }];
      },
    };
  },
};

const gc: Operation = {
  name: "gc",
  async prepare(direct) {
    while ((await direct.gc()) > 0);
    const [dead, alive] = [newKey(), newKey()];
    const record = recordOf(alive);
    await direct.create(dead, recordOf(dead, { expiresAt: Date.now() - 120_000 }));
    await direct.create(alive, record);
    return {
      run: (store, timed) => timed(() => store.gc()),
      judge: async (outcome, direct) => {
        const left = await direct.gc();
        const wrong = [...rejectedRightly(outcome), ...among("after gc", alive, await direct.read(alive), [record])];
        if ("resolved" in outcome && left > 0) wrong.push({ what: `gc says that it is done, and ${left} are left` });
        return wrong;
      },
    };
  },
};

/** A list that must contain all given keys, and no key that is not in the store. */
function list(name: string, of: (provider: Provider) => AsyncIterable<string> | undefined): Operation {
  return {
    name,
    async prepare(direct) {
      const key = newKey();
      await direct.create(key, recordOf(key, { owner }));
      const sure = await collect(of(direct), (wait) => wait());
      return {
        run: (store, timed) => collect(of(store), timed),
        judge: async (outcome, direct) => {
          if ("rejected" in outcome) return rejectedRightly(outcome);
          const found = new Set(outcome.resolved as string[]);
          const there = new Set(await collect(of(direct), (wait) => wait()));
          const missing = sure.filter((each) => !found.has(each) && there.has(each));
          const foreign = [...found].filter((each) => !there.has(each));
          return [
            ...missing.map(() => ({ what: `${name} lacks a key that was there throughout` })),
            ...foreign.map(() => ({ what: `${name} has a key that is not in the store`, foreign: true })),
          ];
        },
      };
    },
  };
}

async function collect(keys: AsyncIterable<string> | undefined, timed: Timed): Promise<string[]> {
  const found: string[] = [];
  const steps = keys?.[Symbol.asyncIterator]();
  for (;;) {
    const step = await timed(async () => steps?.next());
    if (step === undefined || step.done) return found;
    found.push(step.value);
  }
}

/** Concurrent operations on the same connections; each is checked as well. */
export const neighbours: readonly Operation[] = [read, update("update", {}, {}), create, touch];

export const operations: readonly Operation[] = [
  read,
  create,
  update("update", { owner }, {}),
  update("to marker", { owner }, { retired: "" }),
  update("of marker", { owner, retired: newKey() }, { retired: "" }),
  touch,
  count,
  gc,
  list("keys", (provider) => provider.keys?.()),
  list("keysOf", (provider) => provider.keysOf?.(owner)),
];
