import { types } from "node:util";
import { presentContext } from "../backend/async-context.js";
import { encode } from "../codec/encode.js";
import { isSessionError, SessionError } from "../errors.js";
import { decodeField } from "../schema/decode-stored.js";
import type { FieldSchemas } from "../schema/field-schemas.js";

/**
 * The function of an update over a field's encodings; it keeps the resulting value. It runs in the context of its
 * caller, even if the batch of another request runs it.
 */
export class FieldFunction<T> {
  readonly name: string;
  readonly #context = presentContext();
  readonly #schemas: FieldSchemas | undefined;
  readonly #fn: (value: T | undefined) => T | undefined;
  /** Has the stack of the caller of the update, since the function may run much later and elsewhere. */
  readonly #caller: { readonly stack?: string } = {};
  value: T | undefined;
  text: string | undefined;

  /**
   * `asked`: the method that was called, whose caller an error shows. Throws `SESS_VALUE` on an async function, which is
   * not run.
   */
  constructor(
    name: string,
    fn: (value: T | undefined) => T | undefined,
    asked: (...args: never[]) => unknown,
    schemas?: FieldSchemas,
  ) {
    this.name = name;
    this.#fn = fn;
    this.#schemas = schemas;
    Error.captureStackTrace(this.#caller, asked);
    if (types.isAsyncFunction(fn)) throw this.#refusal(notSynchronous);
  }

  readonly run = (current: string | undefined): string | undefined => {
    const before =
      current === undefined ? undefined : (decodeField(this.name, current, this.#schemas) as T | undefined);
    // rule: an-update-runs-where-it-was-asked
    const value = this.#context(() => this.#fn(before));
    if (types.isPromise(value)) {
      // The promise of an async function is not used.
      value.catch(() => {});
      throw this.#refusal(notSynchronous);
    }
    this.text = value === undefined ? undefined : this.#encoded(value);
    this.value = value;
    return this.text;
  };

  #encoded(value: T): string {
    try {
      return encode(value);
    } catch (error) {
      throw isSessionError(error) ? this.#refusal(error.message, error) : error;
    }
  }

  /** A name that is no identifier may be data, an e-mail address for instance, and data is not shown. */
  #refusal(reason: string, cause?: unknown): SessionError {
    const field = /^[A-Za-z_]\w{0,39}$/.test(this.name) ? `field "${this.name}"` : "a field";
    const message = `update of ${field}: ${reason}`;
    const error = new SessionError("SESS_VALUE", message, cause === undefined ? undefined : { cause });
    const frames = /^\s+at .*/ms.exec(this.#caller.stack ?? "")?.[0];
    if (frames !== undefined) error.stack = `${error.name}: ${message}\n${frames}`;
    return error;
  }
}

const notSynchronous =
  "its function must be synchronous, and this one is async or gave a promise; await first, then update";
