import type { Provider, SessionRecord } from "../provider.js";
import { ConformanceFailure, type Subject, show } from "./failure.js";

/** How long the kit waits, in milliseconds. */
export interface Patience {
  /** For one call, or one step of a listing: as long as core does. */
  readonly call: number;
  /** For `open` and `gc`, which may have much to do. */
  readonly long: number;
  /** For service to return after an outage. */
  readonly returning: number;
}

export const patience: Patience = { call: 10_000, long: 60_000, returning: 30_000 };

/** Every call of one case: numbered, bounded in time, and remembered if it rejects. */
export class Calls {
  readonly #subject: Subject;
  readonly #patience: Patience;
  readonly #rejected = new Map<unknown, string>();
  #count = 0;

  constructor(subject: Subject, patience: Patience) {
    this.#subject = subject;
    this.#patience = patience;
  }

  /** The call that rejected with this, the last one if there were several. */
  rejectedWith(reason: unknown): string | undefined {
    return this.#rejected.get(reason);
  }

  /** Runs one call. A call that throws, or does not settle in time, rejects with a `ConformanceFailure`. */
  run<T>(name: string, act: () => Promise<T>, kind: "call" | "long" = "call"): Promise<T> {
    this.#count += 1;
    const call = this.#bounded(`${name}, call ${this.#count} of the case`, act, this.#patience[kind]);
    // A case may await another call first: a rejection is its own to find, and not the process's.
    call.catch(() => {});
    return call;
  }

  /** A listing, each of whose steps is bounded as a call is. An abandoned listing is returned to the provider. */
  async *list(name: string, begin: () => AsyncIterable<string>): AsyncGenerator<string> {
    const keys = await this.run(name, async () => begin()[Symbol.asyncIterator]());
    try {
      for (;;) {
        const step = await this.run(`next key of ${name}`, () => keys.next());
        if (step.done === true) return;
        yield step.value;
      }
    } finally {
      await this.run(`end of ${name}`, async () => keys.return?.());
    }
  }

  #bounded<T>(what: string, act: () => Promise<T>, limit: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const came = `nothing for ${limit / 1000} seconds`;
      const late = () => reject(this.#failure(what, "an answer or a rejection", came));
      const timer = setTimeout(late, limit);
      this.#begin(what, act).then(
        (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        (reason) => {
          clearTimeout(timer);
          this.#rejected.set(reason, what);
          reject(reason);
        },
      );
    });
  }

  #begin<T>(what: string, act: () => Promise<T>): Promise<T> {
    try {
      return Promise.resolve(act());
    } catch (error) {
      return Promise.reject(this.#failure(what, "a promise", `a throw of ${show(error)}`, { cause: error }));
    }
  }

  #failure(what: string, expected: string, came: string, options?: { cause: unknown }): ConformanceFailure {
    const { id, rule, title, guide } = this.#subject;
    return new ConformanceFailure({ id, rule, title, guide, what, expected, came }, options);
  }
}

/** The handle with its calls under watch. Optional methods are there where the handle has them. */
export function watched(real: Provider, calls: Calls): Provider {
  return {
    read: (key) => calls.run(`read(${brief(key)})`, () => real.read(key)),
    create: (key, record) => calls.run(`create(${brief(key)}, ${brief(record)})`, () => real.create(key, record)),
    update: (key, record, expected) =>
      calls.run(`update(${brief(key)}, ${brief(record)}, ${brief(expected)})`, () =>
        real.update(key, record, expected),
      ),
    touch: (key, expiresAt, expected) =>
      calls.run(`touch(${brief(key)}, ${expiresAt}, ${brief(expected)})`, () => real.touch(key, expiresAt, expected)),
    count: () => calls.run("count()", () => real.count()),
    gc: () => calls.run("gc()", () => real.gc(), "long"),
    close: () => calls.run("close()", () => real.close()),
    ...optional(real, calls),
  };
}

function optional(real: Provider, calls: Calls): Pick<Provider, "readMany" | "keys" | "keysOf" | "diagnose"> {
  const many = real.readMany?.bind(real);
  const diagnose = real.diagnose?.bind(real);
  return {
    ...(typeof many === "function" && {
      readMany: (keys) => calls.run(`readMany([${keys.map(brief).join(", ")}])`, () => many(keys)),
    }),
    ...(typeof real.keys === "function" && { keys: () => calls.list("keys()", () => real.keys?.() ?? none()) }),
    ...(typeof real.keysOf === "function" && {
      keysOf: (owner: string) => calls.list(`keysOf(${brief(owner)})`, () => real.keysOf?.(owner) ?? none()),
    }),
    ...(typeof diagnose === "function" && { diagnose: () => calls.run("diagnose()", diagnose) }),
  };
}

async function* none(): AsyncGenerator<string> {}

/** An argument as a failure names it: enough to tell one call from another. */
function brief(value: string | SessionRecord): string {
  if (typeof value === "string") return show(value.length > 12 ? `${value.slice(0, 8)}...` : value);
  const kind = value.retired === undefined ? "session" : "marker";
  return `${kind} ${show(value.version.slice(0, 12))} of ${value.data.length} units`;
}
