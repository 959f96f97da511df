import type { AnySession } from "./internals.js";

/** The properties of a session object, which are the session's fields. */
export class Properties {
  readonly #session: AnySession;
  readonly #hidden: string | undefined;
  /** The values at the time when the request changed to another session. */
  #past: { readonly id: string; readonly values: Map<string, unknown> } | undefined;

  /** `hidden`: a field that is no property. */
  constructor(session: AnySession, hidden: string | undefined) {
    this.#session = session;
    this.#hidden = hidden;
  }

  get id(): string {
    return this.#past?.id ?? this.#session.id;
  }

  names(): string[] {
    if (this.#past !== undefined) return [...this.#past.values.keys()];
    return this.#session.keys().filter((name) => name !== this.#hidden);
  }

  has(name: string): boolean {
    if (this.#past !== undefined) return this.#past.values.has(name);
    return name !== this.#hidden && this.#session.has(name);
  }

  get(name: string): unknown {
    return this.#past === undefined ? this.#session.get(name) : this.#past.values.get(name);
  }

  set(name: string, value: unknown): void {
    if (this.#past !== undefined) {
      this.#past.values.set(name, value);
      return;
    }
    // Assigning the present value is not a change; core itself finds changes inside an object.
    if (this.#session.has(name) && Object.is(this.#session.get(name), value)) return;
    this.#session.set(name, value);
  }

  delete(name: string): void {
    if (this.#past !== undefined) this.#past.values.delete(name);
    else if (this.has(name)) this.#session.delete(name);
  }

  /** Keeps the present values for code that still has the object, and releases the session. */
  leave(): void {
    const values = this.names().map((name) => [name, this.get(name)] as const);
    this.#past ??= { id: this.id, values: new Map(values) };
  }
}
