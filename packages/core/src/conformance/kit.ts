import type { Provider, SessionRecord, Update } from "../provider.js";
import { Calls, type Patience, patience, watched } from "./calls.js";
import { KitClock } from "./clock.js";
import { ConformanceFailure, type Subject, show, showDifference } from "./failure.js";
import type { ConformanceOptions } from "./options.js";
import type { OutageMode } from "./outage.js";

/**
 * Namespaces that a careless provider confuses: two begin with `home`, one of these continues as a key might, and one
 * matches it as a pattern.
 */
export type Namespace = "home" | "longer" | "running" | "lookalike";

const fields = ["version", "expiresAt", "owner", "retired", "data"] as const;

/** What a case works with: handles in namespaces of its own, a clock, records, and expectations. */
export class Kit {
  /** The clock of every handle that was not opened with another. */
  readonly clock = new KitClock();
  readonly #subject: Subject;
  readonly #options: ConformanceOptions;
  readonly #namespace = hex(6);
  readonly #limits: Patience;
  readonly #calls: Calls;
  readonly #handles: Provider[] = [];

  constructor(subject: Subject, options: ConformanceOptions, limits: Patience = patience) {
    this.#subject = subject;
    this.#options = options;
    this.#limits = limits;
    this.#calls = new Calls(subject, limits);
  }

  /** A new handle; the kit closes it after the case. Each of its calls is bounded, and named when it fails. */
  async open(namespace: Namespace = "home", clock: KitClock = this.clock): Promise<Provider> {
    const home = `k_${this.#namespace}`;
    const names = { home, longer: `${home}_b`, running: `${home}b`, lookalike: `kx${this.#namespace}` };
    const options = { namespace: names[namespace], now: clock.now };
    const real = await this.#calls.run(`open(${namespace})`, () => this.#options.open(options), "long");
    const handle = watched(real, this.#calls);
    this.#handles.push(handle);
    return handle;
  }

  /** A handle in each namespace, `home` first. */
  async openAll(): Promise<readonly [home: Provider, ...others: Provider[]]> {
    return [await this.open(), await this.open("longer"), await this.open("running"), await this.open("lookalike")];
  }

  /** Closes what was opened. Other cases test how a provider closes. */
  async closeAll(): Promise<void> {
    await Promise.allSettled(this.#handles.map(async (handle) => handle.close()));
  }

  /** Whether two handles on one namespace reach the same data. */
  get isShared(): boolean {
    return this.#options.single === undefined;
  }

  /** Whether the provider said that it cannot count. */
  get isUncounted(): boolean {
    return this.#options.uncounted !== undefined;
  }

  /** Whether `gc` is what removes expired records. */
  get collects(): boolean {
    return this.#options.serverClock === undefined;
  }

  /** Makes the store unreachable; resolves to a function that ends that. Only for cases that need an outage. */
  async outage(mode: OutageMode): Promise<() => Promise<void>> {
    return (await this.#options.outage?.(mode)) ?? (async () => {});
  }

  /** How long service may take to return after an outage, in milliseconds. */
  get returning(): number {
    return this.#limits.returning;
  }

  /** The call that rejected with this error, if one did. */
  rejectedWith(reason: unknown): string | undefined {
    return this.#calls.rejectedWith(reason);
  }

  /** A key, or an owner, that nothing uses. */
  key(): string {
    return hex(32);
  }

  keys(count: number): string[] {
    return Array.from({ length: count }, () => this.key());
  }

  version(): string {
    return `v${hex(10)}`;
  }

  /** A record with a new version and ten minutes to live. The expiry is not a whole second. */
  session(fixed: Partial<SessionRecord> = {}): SessionRecord {
    const version = this.version();
    return { data: `data of ${version}`, version, expiresAt: this.clock.now() + 600_123, ...fixed };
  }

  /** A record that retires a key, with the lifetime of a session. */
  marker(retired = "", fixed: Partial<SessionRecord> = {}): SessionRecord {
    return { ...this.session(), retired, ...fixed };
  }

  /** Creates each record under a key of its own, and returns the keys. */
  async fill(provider: Provider, records: readonly SessionRecord[]): Promise<string[]> {
    const keys = this.keys(records.length);
    const created = await Promise.all(records.map((record, index) => provider.create(keys[index] ?? "", record)));
    this.equal(created.filter((one) => one).length, records.length, "create on keys that are free");
    return keys;
  }

  /** Compares by `Object.is`. */
  equal(came: unknown, expected: unknown, what: string): void {
    if (!Object.is(came, expected)) this.fail(what, show(expected), show(came));
  }

  /** Compares the contract's own fields: one that is absent may be undefined, nothing else. */
  record(came: SessionRecord | undefined, expected: SessionRecord | undefined, what: string): void {
    if (came === undefined || expected === undefined || came === null) this.equal(came, expected, what);
    else for (const field of fields) this.#field(came[field], expected[field], `${what}: ${field}`);
  }

  #field(came: string | number | undefined, expected: string | number | undefined, what: string): void {
    if (typeof came !== "string" || typeof expected !== "string") this.equal(came, expected, what);
    else if (came !== expected) this.fail(what, ...showDifference(expected, came));
  }

  written(came: Update, what: string): void {
    if (came.written !== true) this.fail(what, show({ written: true }), show(came));
  }

  /** Expects a refusal; its record is checked only if `current` is passed. */
  refused(came: Update, what: string, ...current: readonly [] | readonly [SessionRecord | undefined]): void {
    if (came.written !== false) this.fail(what, show({ written: false }), show(came));
    if (current.length === 1) this.record(came.current, current[0], `${what}: current of the refusal`);
  }

  /** Expects a rejection, neither a throw nor a missing answer. Resolves to the reason. */
  async rejects(act: () => Promise<unknown>, what: string): Promise<unknown> {
    const outcome = await act().then(
      (value) => ({ value }),
      (reason: unknown) => ({ reason }),
    );
    if ("value" in outcome) this.fail(what, "a rejection", show(outcome.value));
    if (outcome.reason instanceof ConformanceFailure) throw outcome.reason;
    return outcome.reason;
  }

  /** Waits until it resolves or rejects; throws a `ConformanceFailure` if it does not settle in time. */
  async settles(call: Promise<unknown>): Promise<void> {
    const [outcome] = await Promise.allSettled([call]);
    if (outcome?.status === "rejected" && outcome.reason instanceof ConformanceFailure) throw outcome.reason;
  }

  /** Expects all of `expected` in `came`; more is legal. */
  contains(came: Iterable<string>, expected: Iterable<string>, what: string): void {
    const found = new Set(came);
    const missing = [...expected].filter((key) => !found.has(key));
    if (missing.length > 0) this.fail(what, "every key", `${missing.length} missing, among them ${show(missing[0])}`);
  }

  fail(what: string, expected: string, came: string): never {
    const { id, rule, title, guide } = this.#subject;
    throw new ConformanceFailure({ id, rule, title, guide, what, expected, came });
  }
}

/** How many of those listed cannot be keys. */
export function strangers(listed: readonly string[]): number {
  return listed.filter((key) => !/^[0-9a-f]{64}$/.test(key)).length;
}

/** Everything that a listing yields; an empty list if the provider has no such listing. */
export async function list(keys: AsyncIterable<string> | undefined): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys ?? []) found.push(key);
  return found;
}

/** A call under observation: whether it has settled, and its answer, which may be awaited late or never. */
export function underWay<T>(call: Promise<T>): { readonly isSettled: boolean; readonly answer: Promise<T> } {
  const watched = { isSettled: false, answer: call };
  const settle = () => {
    watched.isSettled = true;
  };
  call.then(settle, settle);
  return watched;
}

/** Lets all other pending callbacks run first. */
export function turn(): Promise<void> {
  return new Promise((resolve) => (typeof setImmediate === "function" ? setImmediate(resolve) : setTimeout(resolve)));
}

function hex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  return Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
