import { inspect } from "node:util";
import { encode } from "../codec/encode.js";
import { quoted } from "../config/checks.js";
import { SessionError } from "../errors.js";
import type { AnySession } from "./internals.js";
import type { Properties } from "./properties.js";
import type { SessionCookie } from "./session-cookie.js";

/** Called with the error or with nothing. */
// biome-ignore lint/suspicious/noExplicitAny: as it is typed in express-session, so that callbacks of applications fit.
export type Callback = (error?: any) => void;

/** Does what the methods of a session object ask for. */
export interface Actions {
  /** Begins anew under a new id; of the present fields only those that are named come along, and the cookie's lifetime. */
  regenerate(kept?: readonly string[]): Promise<void>;
  /** Gives this session, with its fields, a new id. */
  move(): Promise<void>;
  destroy(): Promise<void>;
  reload(): Promise<void>;
  save(): Promise<void>;
  touch(): Promise<void>;
  /** Handles a promise for which the application gave no callback. */
  unheard(action: Promise<void>): void;
}

/** What one session object is made of. */
export interface Parts {
  readonly session: AnySession;
  readonly properties: Properties;
  readonly cookie: SessionCookie;
  readonly actions: Actions;
}

/** What only the methods ask for, of the proxy that they are called on. */
const parts = Symbol("parts");

export function partsOf(object: object): Parts {
  const found = (object as { readonly [parts]?: Parts })[parts];
  if (found === undefined) throw new TypeError("called on something that is no session");
  return found;
}

/** An error thrown by a callback must be the application's error, not ours. */
export function callBack(done: Promise<void>, callback: Callback): void {
  done.then(
    () => process.nextTick(callback),
    (error: unknown) => process.nextTick(callback, error),
  );
}

/** Calls back if there is a callback; otherwise the promise is the caller's. */
export function callBackOrReturn(done: Promise<void>, callback: Callback | undefined): Promise<void> | undefined {
  if (callback === undefined) return done;
  callBack(done, callback);
  return undefined;
}

/** An object whose properties are the fields of a session. Each API extends it by its own methods. */
export class SessionObject {
  /** Shows the application's fields, without the id. */
  [inspect.custom](_depth: number, options: object): string {
    return `Session ${inspect({ ...this }, options)}`;
  }
}

/** Whether an object is such a session or wraps one. */
export function isSessionObject(object: unknown): boolean {
  return object instanceof SessionObject;
}

/** What the session objects of one API have besides the fields: the members of a class, and perhaps a `cookie`. */
export class ObjectShape {
  readonly hasCookie: boolean;
  readonly #type: new () => SessionObject;
  readonly #reserved: ReadonlySet<string>;

  constructor(type: new () => SessionObject, hasCookie: boolean) {
    this.hasCookie = hasCookie;
    this.#type = type;
    const reserved = new Set(Object.getOwnPropertyNames(type.prototype));
    reserved.delete("constructor");
    if (hasCookie) reserved.add("cookie");
    this.#reserved = reserved;
  }

  create(of: Parts): object {
    return new Proxy(new this.#type(), new Handler(of, this));
  }

  /** Fields take precedence over inherited properties, but not over the members of the class. */
  isField(name: string | symbol): name is string {
    return typeof name === "string" && !this.#reserved.has(name);
  }

  /** Throws `SESS_VALUE` for a value that cannot be kept, and for the name of a method. */
  assertTakes(name: string, value: unknown): void {
    if (this.isField(name)) {
      if (value !== undefined) encode(value);
    } else if (Object.getOwnPropertyDescriptor(this.#type.prototype, name)?.set === undefined) {
      throw new SessionError("SESS_VALUE", `${quoted(name)} is a method of the session: a field cannot have its name`);
    }
  }
}

class Handler implements ProxyHandler<SessionObject> {
  readonly #properties: Properties;
  readonly #parts: Parts;
  readonly #shape: ObjectShape;

  constructor(of: Parts, shape: ObjectShape) {
    this.#properties = of.properties;
    this.#parts = of;
    this.#shape = shape;
  }

  get(target: SessionObject, name: string | symbol, proxy: unknown): unknown {
    if (this.#isCookie(name)) return this.#parts.cookie;
    if (name === parts) return this.#parts;
    if (this.#isThere(name)) return this.#properties.get(name);
    return Reflect.get(target, name, proxy);
  }

  set(target: SessionObject, name: string | symbol, value: unknown, proxy: unknown): boolean {
    if (this.#isCookie(name)) takeCookie(this.#parts.cookie, value);
    else if (this.#shape.isField(name)) this.#properties.set(name, value);
    else return Reflect.set(target, name, value, proxy);
    return true;
  }

  has(target: SessionObject, name: string | symbol): boolean {
    return this.#isCookie(name) || this.#isThere(name) || Reflect.has(target, name);
  }

  deleteProperty(_: SessionObject, name: string | symbol): boolean {
    if (this.#isCookie(name)) return false;
    if (this.#shape.isField(name)) this.#properties.delete(name);
    return true;
  }

  ownKeys(): string[] {
    const fields = this.#properties.names().filter((name) => this.#shape.isField(name));
    return this.#shape.hasCookie ? ["cookie", ...fields] : fields;
  }

  getOwnPropertyDescriptor(_: SessionObject, name: string | symbol): PropertyDescriptor | undefined {
    const rest = { writable: true, enumerable: true, configurable: true };
    if (this.#isCookie(name)) return { value: this.#parts.cookie, ...rest };
    return this.#isThere(name) ? { value: this.#properties.get(name), ...rest } : undefined;
  }

  defineProperty(_: SessionObject, name: string | symbol, descriptor: PropertyDescriptor): boolean {
    if (!("value" in descriptor) || !this.#shape.isField(name)) return false;
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

  #isCookie(name: string | symbol): boolean {
    return name === "cookie" && this.#shape.hasCookie;
  }

  #isThere(name: string | symbol): name is string {
    return this.#shape.isField(name) && this.#properties.has(name);
  }
}

/**
 * Used when the properties of one session are copied to another: only the lifetime is taken, since the Manager decides
 * the rest.
 */
function takeCookie(cookie: SessionCookie, value: unknown): void {
  if (typeof value !== "object" || value === null || !("originalMaxAge" in value)) {
    throw new SessionError("SESS_UNSUPPORTED", "the cookie of a session cannot be replaced; set its maxAge");
  }
  const { originalMaxAge } = value;
  if (typeof originalMaxAge === "number" && originalMaxAge !== cookie.originalMaxAge) cookie.maxAge = originalMaxAge;
}
