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
  /** What the client's cookie holds: a secret, not to be logged. Changes with {@link regenerate}. */
  readonly id: string;

  /** A field's value; the same object on every call, so that what is changed in it is stored too. */
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

  /** When it was first stored; `undefined` where it is not, or has ended. A new id leaves it as it is. */
  readonly created: Date | undefined;

  /**
   * When it ends unless it is used before, as this request knows it: the idle end or the absolute one, whichever is first.
   * `undefined` where nothing is stored. A response that only reads prolongs it afterwards: to show the end to a user,
   * `touch()` first.
   */
  readonly expiresAt: Date | undefined;

  /**
   * Whose session this is, from the next save on: set it as somebody signs in, and `listOwned` and `destroyOwned` find
   * it. `undefined` makes it nobody's. Write-only: the store keeps a hash, and nobody can read it back.
   */
  set owner(owner: string | undefined);

  /**
   * An idle lifetime for this session alone, seconds ("remember me"). It takes effect with a cookie: set it before the
   * session is created or gets its new id, or after that and before the same response begins. Set after, a shorter one
   * ends the cookie earlier, not what is stored. The absolute end stays.
   */
  set lifetime(seconds: number);

  /** The idle lifetime of this session, seconds: its own, or the Manager's. */
  get lifetime(): number;

  /**
   * An absolute lifetime for this session alone, seconds, in place of `absoluteLifetime` in the configuration. Set it as
   * {@link lifetime}, before the session is created or gets its new id: it counts from then.
   */
  set absoluteLifetime(seconds: number);

  delete(field: Field<D>): void;

  /** Deletes every field there is when the change is stored, those included that this request never saw. */
  flush(): void;

  /**
   * Changes one field exactly: `fn` gets the value stored last and may run again when somebody else was faster, so it
   * must be synchronous and do nothing but compute. Stores at once, together with this request's earlier changes, and
   * resolves to the stored value. Once acknowledged it stays, whatever becomes of the response.
   */
  update<F extends Field<D>>(field: F, fn: (value: D[F] | undefined) => D[F] | undefined): Promise<D[F] | undefined>;

  /**
   * Reads a field and deletes it in one exact step, as {@link update} does: of two requests at once, one gets the value.
   * For what is to be shown once (a flash message). Stores at once where the field is there, and nothing where it is not.
   */
  take<F extends Field<D>>(field: F): Promise<D[F] | undefined>;

  /**
   * Moves the session to a new id, which the response's cookie will hold. The old one leads nowhere any more; for two
   * minutes whoever has it may still end the session by it (see SECURITY.md). To be called
   * whenever privileges change, signing in above all (OWASP Session Management: session fixation). Stores this
   * request's changes with it.
   */
  regenerate(): Promise<void>;

  /**
   * Ends the session, under its earlier ids too, and clears the cookie. After the response's head has gone it ends the
   * session all the same, and the client keeps a cookie that leads to nothing; where the cookie is the session itself,
   * as with `@sess/cookie`, it is `SESS_HEADERS_SENT`.
   */
  destroy(): Promise<void>;

  /**
   * Loads the newest state, keeping the changes not yet stored. Resolves to false when the session is gone or has a
   * new id. For handlers that live long, such as a WebSocket's.
   */
  reload(): Promise<boolean>;

  /**
   * Counts as use, for whoever uses a session outside of a response: it ends an idle lifetime from now, and never after
   * its absolute end. Writes only when a tenth of that lifetime has passed, so it may be called as often as one likes.
   * A store that fails is an event (`sess:store-error`), and a session that has ended stays so.
   */
  touch(): Promise<void>;

  /** Stores the changes now instead of with the response, rejecting when that fails. Counts as use, as {@link touch}. */
  release(): Promise<void>;
}
