import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import type { ManagerConfig } from "../src/config/options.js";
import { SessionError } from "../src/errors.js";
import { createManager } from "../src/manager/create-manager.js";
import type { StoreManager } from "../src/manager/manager.js";
import { memory } from "../src/memory/memory.js";
import type { Provider, ProviderContext, StoreConnector } from "../src/provider.js";
import type { SessionData, SessionStore } from "../src/session/session-store.js";

type Method = "read" | "create" | "update" | "touch";

/** One call to the store, stopped at the gate. */
export class HeldCall {
  /** Resolves when the call has come to the gate. */
  readonly reached: Promise<void>;
  #arrive: () => void = () => {};
  #decide: (decision: "proceed" | "fail" | "lose") => void = () => {};
  readonly #decision: Promise<"proceed" | "fail" | "lose">;
  readonly #done: Promise<void>;
  #finish: () => void = () => {};

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#arrive = resolve;
    });
    this.#decision = new Promise((resolve) => {
      this.#decide = resolve;
    });
    this.#done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** Lets it through. Resolves when the store has carried it out. */
  proceed(): Promise<void> {
    this.#decide("proceed");
    return this.#done;
  }

  /** Rejects it; the store never hears of it. */
  fail(): void {
    this.#decide("fail");
  }

  /** Has it carried out, and loses the answer. */
  lose(): Promise<void> {
    this.#decide("lose");
    return this.#done;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    this.#arrive();
    const decision = await this.#decision;
    if (decision === "fail") throw new Error("the stage failed this call");
    const answer = await call().finally(this.#finish);
    if (decision === "lose") throw new Error("the stage lost this answer");
    return answer;
  }
}

/**
 * One process's view of a store in which every call can be stopped: how tests force an interleaving. Several stages
 * over one connector are several processes over one store.
 */
export class Stage implements StoreConnector {
  readonly kind = "store";
  readonly name: string;
  /** Every call that was made, in order. */
  readonly calls: Method[] = [];
  readonly #inner: StoreConnector;
  readonly #held = new Map<Method, HeldCall[]>();
  /** Decides about calls that nobody holds: true loses the answer. Of a record that is written, by its version. */
  lossy: (method: Method, version?: string) => boolean = () => false;
  /** More data than this, in UTF-16 code units, is SESS_TOO_LARGE. */
  largest = Number.POSITIVE_INFINITY;
  /** How long the store takes for every call, ms: a slow store, not a way to order things. */
  delay = 0;
  /** Whether it has an index of owners. */
  indexed = true;
  /** Keys that the index of owners lists besides. */
  alsoListed: readonly string[] = [];
  /** Where set, every call rejects. */
  down = false;

  #onCreate: (key: string) => void = () => {};

  constructor(inner: StoreConnector = memory()) {
    this.#inner = inner;
    this.name = inner.name;
  }

  /** The next call of a method that nobody holds yet will stop. */
  hold(method: Method): HeldCall {
    const call = new HeldCall();
    const waiting = this.#held.get(method) ?? [];
    this.#held.set(method, [...waiting, call]);
    return call;
  }

  /** The key of the next record that is created. */
  nextCreated(): Promise<string> {
    return new Promise((resolve) => {
      this.#onCreate = resolve;
    });
  }

  async connect(context: ProviderContext): Promise<Provider> {
    const inner = await this.#inner.connect(context);
    return {
      ...(this.indexed && { keysOf: (owner: string) => this.#keysOf(inner, owner) }),
      read: (key) => this.#run("read", () => inner.read(key)),
      create: (key, record) => {
        this.#onCreate(key);
        return this.#run("create", () => inner.create(key, record), record.version);
      },
      update: async (key, record, expected) => {
        if (record.data.length > this.largest) throw new SessionError("SESS_TOO_LARGE", "too large for this stage");
        return this.#run("update", () => inner.update(key, record, expected), record.version);
      },
      touch: (key, expiresAt, expected) => this.#run("touch", () => inner.touch(key, expiresAt, expected)),
      count: () => inner.count(),
      gc: () => inner.gc(),
      close: () => inner.close(),
    };
  }

  manager(config?: ManagerConfig): Promise<StoreManager<SessionData>> {
    return createManager(this, config);
  }

  async *#keysOf(inner: Provider, owner: string): AsyncGenerator<string> {
    yield* this.alsoListed;
    yield* inner.keysOf?.(owner) ?? [];
  }

  async #run<T>(method: Method, call: () => Promise<T>, version?: string): Promise<T> {
    this.calls.push(method);
    if (this.down) throw new Error("the stage is down");
    if (this.delay > 0) await new Promise((resolve) => setTimeout(resolve, this.delay));
    const held = this.#held.get(method)?.shift();
    if (held !== undefined) return held.run(call);
    const answer = await call();
    if (this.lossy(method, version)) throw new Error("the stage lost this answer");
    return answer;
  }
}

/** A request that nobody sent: what `start` needs to have a session, with an id or without. */
export async function visit(manager: StoreManager<SessionData>, id?: string): Promise<SessionStore<SessionData>> {
  const req = new IncomingMessage(new Socket());
  if (id !== undefined) req.headers.cookie = `sessionid=${id}`;
  return manager.start(req, new ServerResponse(req));
}

/** A stored session; its id. */
export async function stored(manager: StoreManager<SessionData>, fields: SessionData = { made: 1 }): Promise<string> {
  const session = await visit(manager);
  for (const [field, value] of Object.entries(fields)) session.set(field, value);
  await session.release();
  return session.id;
}

/** The code an action is rejected with; "accepted" when it is not. */
export async function codeOf(action: Promise<unknown>): Promise<string> {
  return action.then(
    () => "accepted",
    (error: { code?: string; message?: string }) => error.code ?? `no code: ${error.message}`,
  );
}
