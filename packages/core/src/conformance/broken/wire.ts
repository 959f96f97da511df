import { SessionError } from "../../errors.js";
import type { Provider } from "../../provider.js";
import type { Outage } from "../outage.js";

/** What a store would answer if it were reachable. */
export const unreachable = new SessionError("SESS_UNAVAILABLE", "the store cannot be reached");

/** The connection between a provider and its store. During an outage the store is down or silent. */
export class Wire {
  #mode: Parameters<Outage>[0] | "up" = "up";
  #whenUp = Promise.resolve();
  readonly #cuts: (() => void)[] = [];

  get isSilent(): boolean {
    return this.#mode === "silent";
  }

  /** Resolves when there is no outage. */
  get whenUp(): Promise<void> {
    return this.#whenUp;
  }

  /** Called when connections break. */
  onCut(act: () => void): void {
    this.#cuts.push(act);
  }

  readonly outage: Outage = async (mode) => {
    let end = () => {};
    this.#whenUp = new Promise((resolve) => {
      end = resolve;
    });
    this.#mode = mode;
    if (mode === "down") for (const act of this.#cuts) act();
    return async () => {
      this.#mode = "up";
      end();
    };
  };

  /** A request and its answer, with a driver that gives up on a silent server. */
  carry<T>(work: () => Promise<T>): Promise<T> {
    return this.#mode === "up" ? work() : Promise.reject(unreachable);
  }

  /** A request and its answer, with a driver that waits without a limit. */
  async carryPatiently<T>(work: () => Promise<T>): Promise<T> {
    if (this.isSilent) await this.#whenUp;
    return this.carry(work);
  }
}

/** The provider, with the wire between it and its store. Closing needs no answer. */
export function overWire(provider: Provider, wire: Wire): Provider {
  async function* listed(keys: () => AsyncIterable<string> | undefined): AsyncGenerator<string> {
    await wire.carry(async () => {});
    yield* keys() ?? [];
  }
  const many = provider.readMany;
  return {
    ...(many && { readMany: (keys) => wire.carry(() => many(keys)) }),
    ...(provider.diagnose && { diagnose: provider.diagnose }),
    read: (key) => wire.carry(() => provider.read(key)),
    create: (key, record) => wire.carry(() => provider.create(key, record)),
    update: (key, record, expected) => wire.carry(() => provider.update(key, record, expected)),
    touch: (key, expiresAt, expected) => wire.carry(() => provider.touch(key, expiresAt, expected)),
    count: () => wire.carry(() => provider.count()),
    gc: () => wire.carry(() => provider.gc()),
    close: () => provider.close(),
    keys: () => listed(() => provider.keys?.()),
    keysOf: (owner) => listed(() => provider.keysOf?.(owner)),
  };
}
