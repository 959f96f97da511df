import { inspect } from "node:util";
import { SessionError } from "../errors.js";
import type { Properties } from "./properties.js";
import type { SessionCookie } from "./session-cookie.js";

/** Like the callbacks of express-session: called with the error or with nothing. */
// biome-ignore lint/suspicious/noExplicitAny: as they are typed there, so that those of applications fit.
export type Callback = (error?: any) => void;

/** Does what the methods of `req.session` ask for. */
export interface Actions {
  regenerate(): Promise<void>;
  destroy(): Promise<void>;
  reload(): Promise<void>;
  save(): Promise<void>;
  touch(): Promise<void>;
  /** Handles a promise for which the application gave no callback. */
  unheard(action: Promise<void>): void;
}

/** What one `req.session` is made of. */
export interface Parts {
  readonly properties: Properties;
  readonly cookie: SessionCookie;
  readonly actions: Actions;
}

/** What only the methods ask for, of the proxy that they are called on. */
const parts = Symbol("parts");

function partsOf(session: object): Parts {
  const found = (session as { readonly [parts]?: Parts })[parts];
  if (found === undefined) throw new TypeError("called on something that is no req.session");
  return found;
}

/** An error thrown by a callback must be the application's error, not ours. */
function tell(session: object, action: (actions: Actions) => Promise<void>, callback: Callback | undefined): void {
  const { actions } = partsOf(session);
  const done = action(actions);
  if (callback === undefined) {
    actions.unheard(done);
    return;
  }
  done.then(
    () => process.nextTick(callback),
    (error: unknown) => process.nextTick(callback, error),
  );
}

/** The methods of `req.session`, as express-session has them. */
class PlainSession {
  get id(): string {
    return partsOf(this).properties.id;
  }

  regenerate(callback?: Callback): this {
    tell(this, (actions) => actions.regenerate(), callback);
    return this;
  }

  destroy(callback?: Callback): this {
    tell(this, (actions) => actions.destroy(), callback);
    return this;
  }

  reload(callback?: Callback): this {
    tell(this, (actions) => actions.reload(), callback);
    return this;
  }

  save(callback?: Callback): this {
    tell(this, (actions) => actions.save(), callback);
    return this;
  }

  touch(): this {
    tell(this, (actions) => actions.touch(), undefined);
    return this.resetMaxAge();
  }

  resetMaxAge(): this {
    partsOf(this).cookie.reset();
    return this;
  }

  /** Shows the application's fields, without the id. */
  [inspect.custom](_depth: number, options: object): string {
    return `Session ${inspect({ ...this }, options)}`;
  }
}

/** `req.session`: an object whose properties are those of the session. */
export function plainSession(of: Parts): object {
  return new Proxy(new PlainSession(), new Handler(of));
}

/** Whether an object is such a session or wraps one. */
export function isPlainSession(session: unknown): boolean {
  return session instanceof PlainSession;
}

const methods = new Set<string | symbol>(Object.getOwnPropertyNames(PlainSession.prototype));
methods.delete("constructor");

/** Fields take precedence over inherited properties, but not over the methods above. */
function isField(name: string | symbol): name is string {
  return typeof name === "string" && name !== "cookie" && !methods.has(name);
}

class Handler implements ProxyHandler<PlainSession> {
  readonly #properties: Properties;
  readonly #cookie: SessionCookie;
  readonly #parts: Parts;

  constructor(of: Parts) {
    this.#properties = of.properties;
    this.#cookie = of.cookie;
    this.#parts = of;
  }

  get(target: PlainSession, name: string | symbol, proxy: unknown): unknown {
    if (name === "cookie") return this.#cookie;
    if (name === parts) return this.#parts;
    if (isField(name) && this.#properties.has(name)) return this.#properties.get(name);
    return Reflect.get(target, name, proxy);
  }

  set(_: PlainSession, name: string | symbol, value: unknown): boolean {
    if (name === "cookie") takeCookie(this.#cookie, value);
    else if (isField(name)) this.#properties.set(name, value);
    else return false;
    return true;
  }

  has(target: PlainSession, name: string | symbol): boolean {
    return name === "cookie" || (isField(name) && this.#properties.has(name)) || Reflect.has(target, name);
  }

  deleteProperty(_: PlainSession, name: string | symbol): boolean {
    if (name === "cookie") return false;
    if (isField(name)) this.#properties.delete(name);
    return true;
  }

  ownKeys(): string[] {
    return ["cookie", ...this.#properties.names().filter(isField)];
  }

  getOwnPropertyDescriptor(_: PlainSession, name: string | symbol): PropertyDescriptor | undefined {
    const rest = { writable: true, enumerable: true, configurable: true };
    if (name === "cookie") return { value: this.#cookie, ...rest };
    return isField(name) && this.#properties.has(name) ? { value: this.#properties.get(name), ...rest } : undefined;
  }

  defineProperty(_: PlainSession, name: string | symbol, descriptor: PropertyDescriptor): boolean {
    if (!("value" in descriptor) || !isField(name)) return false;
    this.#properties.set(name, descriptor.value);
    return true;
  }

  /** Its properties appear and disappear with the fields. */
  preventExtensions(): boolean {
    return false;
  }

  setPrototypeOf(): boolean {
    return false;
  }
}

/**
 * Used when the properties of one session are copied to another: only the lifetime is taken, since the Manager decides
 * the rest.
 */
function takeCookie(cookie: SessionCookie, value: unknown): void {
  if (typeof value !== "object" || value === null || !("originalMaxAge" in value)) {
    throw new SessionError("SESS_UNSUPPORTED", "req.session.cookie cannot be replaced; set its maxAge");
  }
  const { originalMaxAge } = value;
  if (typeof originalMaxAge === "number" && originalMaxAge !== cookie.originalMaxAge) cookie.maxAge = originalMaxAge;
}
