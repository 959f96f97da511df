import {
  createManager,
  type Provider,
  type ProviderContext,
  type SessionData,
  SessionError,
  type SessionRecord,
  type StoreConnector,
  type StoreManager,
} from "../../packages/core/src/index.js";
import type { Sender } from "./network.js";
import type { Surroundings } from "./surroundings.js";

/** One process with one Manager. One that crashed is replaced by another. */
export class ProcessNode implements Sender, StoreConnector {
  readonly kind = "store";
  readonly name: string;
  alive = true;
  cutOff = false;
  /** `close()` was called. */
  closing = false;
  closed = false;
  readonly #world: Surroundings;
  #manager: StoreManager<SessionData> | undefined;

  constructor(world: Surroundings, name: string) {
    this.#world = world;
    this.name = name;
  }

  get manager(): StoreManager<SessionData> {
    if (this.#manager === undefined) throw new Error("not started");
    return this.#manager;
  }

  async start(): Promise<this> {
    const { idle, absolute } = this.#world.profile;
    const now = () => this.#world.time.now;
    this.#manager = await createManager(this, {
      now,
      maxLifetime: idle,
      ...(absolute > 0 && { absoluteLifetime: absolute }),
    });
    return this;
  }

  async connect(_context: ProviderContext): Promise<Provider> {
    const { store } = this.#world;
    return {
      read: async (key) => {
        const record = await this.#send("read", key, () => store.read(key));
        this.#world.loaded.set(key, record);
        return record;
      },
      create: (key, record) => this.#send("create", key, () => store.create(key, record), record),
      update: (key, record, expected) => this.#send("update", key, () => store.update(key, record, expected), record),
      touch: (key, expiresAt, expected) => this.#send("touch", key, () => store.touch(key, expiresAt, expected)),
      count: async () => 0,
      gc: async () => 0,
      close: async () => {
        this.closed = true;
      },
    };
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.manager.close();
  }

  #send<T>(method: string, key: string, call: () => T, record?: SessionRecord): Promise<T> {
    const { ledger, network, checks } = this.#world;
    if (this.closed) {
      checks.violated("minor close", `${method} was called after close`);
      return Promise.reject(new SessionError("SESS_CLOSED", "the provider was closed"));
    }
    const what = record === undefined ? "" : record.retired === undefined ? " session" : this.#marker(record.retired);
    const text = `${this.name}: ${method} ${ledger.name(key)}${what}`;
    return network.send(this, text, () => this.#world.observe(key, call));
  }

  #marker(retired: string): string {
    return retired === "" ? " marker" : ` marker to ${this.#world.ledger.name(retired)}`;
  }
}
