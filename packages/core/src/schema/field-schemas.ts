import { types } from "node:util";
import { decode } from "../codec/decode.js";
import { encode } from "../codec/encode.js";
import { report } from "../diagnostics.js";
import { SessionError } from "../errors.js";
import type { Fields } from "../record/changes.js";
import type { StoredSession } from "../record/stored-session.js";
import type { FieldsSchema, SchemaConfig, StandardSchema } from "./standard-schema.js";

/** The schemas of one Manager's fields. Loaded only where there are any. */
export class FieldSchemas {
  /** Whether a value that does not fit counts as no such field. */
  readonly drops: boolean;
  /** The version that a new session is stored with. */
  readonly version: number | undefined;
  readonly #schemas: ReadonlyMap<string, StandardSchema<unknown>>;
  readonly #migrate: SchemaConfig<object>["migrate"];

  constructor(
    schemas: FieldsSchema<Record<string, unknown>>,
    { onInvalid, schemaVersion, migrate }: SchemaConfig<object>,
  ) {
    this.drops = onInvalid !== "error";
    this.version = schemaVersion;
    this.#schemas = new Map(Object.entries(schemas).flatMap(([name, each]) => (each ? [[name, each]] : [])));
    this.#migrate = migrate;
  }

  has(field: string): boolean {
    return this.#schemas.has(field);
  }

  /** What the application gets for a stored value. Throws `SESS_SCHEMA`, or `SESS_CONFIG` if the schema is async. */
  check(field: string, value: unknown): unknown {
    const schema = this.#schemas.get(field);
    if (schema === undefined) return value;
    const result = schema["~standard"].validate(value);
    if (isPromise(result)) throw asyncRefusal(`the schema of ${named(field)}`, result);
    if (result.issues === undefined) return result.value;
    if (this.drops) return undefined;
    // The issues may quote the value.
    throw new SessionError("SESS_SCHEMA", `what is stored in ${named(field)} does not fit its schema`);
  }

  /** A session as the present version of the application has it. Throws as `migrate` says. */
  upgrade(stored: StoredSession): StoredSession {
    const { schemaVersion = 0 } = stored;
    const isCurrent = this.version === undefined || schemaVersion >= this.version;
    if (isCurrent || this.#migrate === undefined || stored.retired !== undefined) return stored;
    try {
      const fields = encoded(migrated(this.#migrate, stored.fields, schemaVersion));
      return { ...stored, fields, schemaVersion: this.version };
    } catch (cause) {
      const error = new SessionError("SESS_SCHEMA", `migrating version ${schemaVersion} of a session failed`, {
        cause,
      });
      if (!this.drops) throw error;
      report(error);
      return stored;
    }
  }
}

type Migrate = NonNullable<SchemaConfig<object>["migrate"]>;

function migrated(migrate: Migrate, fields: Fields, version: number): object {
  const decoded = Object.fromEntries([...fields].map(([name, text]) => [name, decode(text)]));
  const result: unknown = migrate(decoded, version);
  if (isPromise(result)) throw asyncRefusal("migrate", result);
  if (typeof result === "object" && result !== null) return result;
  throw new SessionError("SESS_CONFIG", "migrate must return the fields");
}

function encoded(fields: object): Map<string, string> {
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return new Map(present.map(([name, value]) => [name, encode(value)]));
}

/** Also of another realm or a library. */
function isPromise(value: unknown): value is PromiseLike<unknown> {
  return types.isPromise(value) || (typeof value === "object" && value !== null && "then" in value);
}

/** The promise is not used, and must not end the process by rejecting. */
function asyncRefusal(what: string, promise: PromiseLike<unknown>): SessionError {
  promise.then(undefined, () => {});
  return new SessionError("SESS_CONFIG", `${what} must be synchronous`);
}

/** A name that is no identifier may be data, an e-mail address for instance, and data is not shown. */
function named(field: string): string {
  return /^[A-Za-z_]\w{0,39}$/.test(field) ? `field "${field}"` : "a field";
}
