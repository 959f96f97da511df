/**
 * The fields of a session where `createManager` was given no type of its own. Augment it to type them everywhere:
 *
 * ```ts
 * declare module "@sess/core" {
 *   interface SessionData { user: string }
 * }
 * ```
 */
export interface SessionData {
  [field: string]: unknown;
}

/** The names of a session's fields. */
export type Field<D extends object> = keyof D & string;

/**
 * The session of one request. (This is the seed's SessionStore: what a handler works with. It is not the backend; that
 * is a `Provider`.)
 *
 * Reading and writing fields is synchronous, on what was loaded. Changes are stored when the response begins, or by
 * {@link release}, and merged with what other requests stored meanwhile: each changed field replaces that field, the
 * others stay. What is changed after the response has ended is stored by itself, and a failure published on
 * `sess:error`. An object that was got before the end and is changed after it is not looked at again: `get` it, or
 * {@link release}.
 */
export interface SessionStore<D extends object = SessionData> extends AsyncDisposable {
  /** The content of the client's cookie: a secret, not to be logged. Changes with {@link regenerate}. */
  readonly id: string;

  /** A field's value. Every call returns the same object, and changes inside it are stored too. */
  get<F extends Field<D>>(field: F): D[F] | undefined;

  /**
   * Replaces a field's value; `undefined` deletes it. Throws `SESS_VALUE` for what cannot be kept as it is (functions,
   * symbols, class instances), `SESS_GONE` after {@link destroy}, and `SESS_HEADERS_SENT` when the session would have
   * to be created and the response is under way already.
   */
  set<F extends Field<D>>(field: F, value: D[F] | undefined): void;

  has(field: Field<D>): boolean;

  /** The names of the fields there are, in the order of their first writing. */
  keys(): string[];

  /** Whether nothing of this session is stored yet. */
  readonly isNew: boolean;

  /** When the session was first stored; `undefined` if it is not stored or has ended. A new id does not change it. */
  readonly created: Date | undefined;

  /**
   * When the session ends unless it is used before, as this request knows it: the earlier of the idle end and the
   * absolute end. `undefined` if nothing is stored. A response that only reads prolongs the session afterwards. To show
   * the end to a user, call `touch()` first.
   */
  readonly expiresAt: Date | undefined;

  /**
   * The user whose session this is, from the next save on. Set it when somebody signs in, so that `listOwned` and
   * `destroyOwned` find the session. `undefined` removes the owner.
   */
  set owner(owner: string | undefined);

  /**
   * The user whose session this is, as this request knows it; `undefined` if there is none, after {@link destroy}, or
   * if an older version of this package stored it. The store keeps a hash, and the name encrypted with a key that only
   * the session's id gives.
   */
  get owner(): string | undefined;

  /**
   * An idle lifetime for this session alone, seconds ("remember me"). It takes effect together with a cookie: set it
   * before the session is created or gets its new id, or afterwards but before the same response begins. A shorter
   * lifetime that is set afterwards ends only the cookie earlier. The absolute end stays.
   */
  set lifetime(seconds: number);

  /** The idle lifetime of this session, seconds: its own, or the Manager's. */
  get lifetime(): number;

  /**
   * An absolute lifetime for this session alone, seconds, instead of the configured `absoluteLifetime`. It counts from
   * the creation of the session or its new id: set it before that, as {@link lifetime}.
   */
  set absoluteLifetime(seconds: number);

  delete(field: Field<D>): void;

  /** Deletes every field that exists when the change is stored, including those that this request never saw. */
  flush(): void;

  /**
   * Changes one field exactly. `fn` gets the value stored last. It may run again if another request was faster, so it
   * must be synchronous and only compute. Stores at once, together with this request's earlier changes, and resolves to
   * the stored value. An acknowledged update is kept even if the response fails.
   */
  update<F extends Field<D>>(field: F, fn: (value: D[F] | undefined) => D[F] | undefined): Promise<D[F] | undefined>;

  /**
   * Reads a field and deletes it in one exact step, as {@link update}: of two concurrent requests, one gets the value.
   * Use it for a value that is shown once (a flash message). Stores at once if the field exists; otherwise stores
   * nothing.
   */
  take<F extends Field<D>>(field: F): Promise<D[F] | undefined>;

  /**
   * Moves the session to a new id, which the response's cookie will hold. The old id no longer opens the session; for
   * two minutes, a request with it can still end the session (see SECURITY.md). Call it whenever privileges change,
   * above all when somebody signs in (OWASP Session Management: session fixation). Stores this request's changes too.
   */
  regenerate(): Promise<void>;

  /**
   * Ends the session, under its earlier ids too, and clears the cookie. After the response's head has been sent, the
   * session ends but the client keeps its cookie, which no longer opens a session. If the cookie is the session itself,
   * as with `@sess/cookie`, this is `SESS_HEADERS_SENT` instead.
   */
  destroy(): Promise<void>;

  /**
   * Loads the newest state, keeping the changes not yet stored. Resolves to false when the session is gone or has a
   * new id. For handlers that live long, such as a WebSocket's.
   */
  reload(): Promise<boolean>;

  /**
   * Counts as use, for a session outside of a response: it then ends an idle lifetime from now, and never after its
   * absolute end. Writes only if a tenth of that lifetime has passed, so it may be called as often as needed. A failing
   * store is an event (`sess:store-error`), not an error. A session that has ended stays ended.
   */
  touch(): Promise<void>;

  /** Stores the changes now instead of with the response, rejecting when that fails. Counts as use, as {@link touch}. */
  release(): Promise<void>;
}
