/** The outcome of a schema's check: the value, or what is wrong with it. */
export type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string }[] };

/**
 * As much of a Standard Schema (standardschema.dev, version 1) as a field needs. Schemas of zod, valibot and arktype are
 * such objects.
 */
export interface StandardSchema<T> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    /** A schema that gives a promise is refused. */
    readonly validate: (value: unknown) => StandardResult<T> | Promise<StandardResult<T>>;
    readonly types?: { readonly input: unknown; readonly output: T } | undefined;
  };
}

/** A schema for each field that is to be checked. */
export type FieldsSchema<D extends object> = { readonly [F in keyof D]?: StandardSchema<D[F]> };

/** What is checked of the fields that are stored. */
export interface SchemaConfig<D extends object> {
  /**
   * Checks what is stored in a field as it is read: by `get`, `update`, `take` and `has`. `get` returns what the schema
   * makes of it; a field that a schema changes must fit that schema again, because it may be stored so. `set` is checked
   * by the types alone. The schemas give the fields their types. Default none.
   */
  readonly schema?: FieldsSchema<D> | undefined;
  /**
   * What a stored value that does not fit is: `"drop"`, no such field, and it stays stored until it is set or deleted;
   * `"error"`, a `SESS_SCHEMA`. Default `"drop"`.
   */
  readonly onInvalid?: "drop" | "error" | undefined;
  /** The version of the fields, 1 or more; required by `migrate`. A session that was stored without one has 0. */
  readonly schemaVersion?: number | undefined;
  /**
   * Makes the fields of the present version of those that an older version stored. Gets all of them, unchecked, and
   * must be synchronous and only compute: it runs at each loading, until a change of the session is stored. If it
   * throws, the fields stay what they are, the error is published on `sess:error`, and each is checked as always; with
   * `onInvalid: "error"` it is a `SESS_SCHEMA`. What a newer version stored is checked and not migrated.
   */
  readonly migrate?:
    | ((fields: Readonly<Record<string, unknown>>, version: number) => Readonly<Record<string, unknown>>)
    | undefined;
}
