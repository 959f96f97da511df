import type { IncomingMessage } from "node:http";
import { types } from "node:util";
import { quoted } from "../config/checks.js";
import type { Settings } from "../config/options.js";
import { SessionError } from "../errors.js";
import type { Manager } from "../manager/manager.js";
import { millisecondsOf } from "../session-object/lifetime.js";
import { assertAgrees, type CookieOptions } from "./cookie-options.js";
import type { Origin } from "./migration.js";
import type { OldStore } from "./old-store.js";
import type { Secret } from "./signed-cookie.js";

/** The options of express-session that agree with the guarantees of a Manager, and the Manager itself. */
export interface SessionOptions<D extends object = object> {
  /** Keeps the sessions, and owns their cookie. */
  readonly sessions: Manager<D>;
  /** The cookie's name: the Manager's, or with `from` the one that express-session used, `"connect.sid"` by default. */
  readonly name?: string | undefined;
  /** What express-session called `name` before. */
  readonly key?: string | undefined;
  /** To repeat what the Manager says; a function gives each new session its `maxAge`. */
  readonly cookie?: CookieOptions | ((req: IncomingMessage) => CookieOptions) | undefined;
  /** The store of express-session whose sessions are taken over: nobody is signed out by the switch. */
  readonly from?: OldStore | undefined;
  /** What signed the cookies of express-session: needed with `from`, and for nothing else. */
  readonly secret?: Secret | readonly Secret[] | undefined;
  /** What `req.session = null` does. Default `"keep"`: this request's changes are not stored. */
  readonly unset?: "keep" | "destroy" | undefined;
  /** To repeat what the Manager's `trustProxy` says. */
  readonly proxy?: boolean | undefined;
  /** Only false is allowed: an unchanged session is not written. */
  readonly resave?: false | undefined;
  /** Only false is allowed: only a new id sends the cookie. */
  readonly rolling?: false | undefined;
  /** Only false is allowed: a session is stored once it holds something. */
  readonly saveUninitialized?: false | undefined;
}

type Rest = Omit<SessionOptions, "sessions">;

/** Options of express-session that a Manager cannot follow, with the guarantee and the alternative. */
const refused: Readonly<Record<string, string>> = {
  resave:
    "false or absent: a request that changes nothing writes nothing, or it would write away what another has changed. " +
    "Nothing is needed instead: reading prolongs a session",
  rolling:
    "false or absent: only a new id sends the cookie, or a late answer would overwrite a newer one. Leave cookieLifetime " +
    "at 0, or long, and set maxLifetime in createManager's configuration: that idle lifetime begins anew with every use",
  saveUninitialized:
    "false or absent: a session is stored once it holds something, or every visit of a robot would fill the store. " +
    "Set a property for each visitor that you want to know again",
  genid:
    "absent: ids are 256 bits of the system's random generator, and nobody else's. For a recognisable id set " +
    "sessionIdPrefix in createManager's configuration",
  store: 'absent: the Manager keeps the sessions. To take over those of a store of express-session, pass it as "from"',
};

const known = new Set([
  "sessions",
  "name",
  "key",
  "cookie",
  "from",
  "secret",
  "unset",
  "proxy",
  ...Object.keys(refused),
]);

function refuse(option: string, allowed: string): never {
  throw new SessionError("SESS_CONFIG", `option "${option}" must be ${allowed}`);
}

/** Refuses options that contradict the guarantees or the Manager's configuration. */
export function assertOptions(options: Rest, settings: Settings): void {
  for (const [name, value] of Object.entries(options)) {
    if (!known.has(name)) throw new SessionError("SESS_CONFIG", `unknown option ${quoted(name)}`);
    const allowed = refused[name];
    const off = value === undefined || (value === false && name !== "genid" && name !== "store");
    if (allowed !== undefined && !off) refuse(name, allowed);
  }
  const { name = options.key, cookie, from, unset, proxy } = options;
  if (unset !== undefined && unset !== "keep" && unset !== "destroy") refuse("unset", '"keep" or "destroy"');
  if (name !== undefined && from === undefined && name !== settings.cookieName) {
    refuse("name", "the Manager's cookieName: set that in createManager's configuration");
  }
  if (proxy !== undefined && proxy !== trusts(settings)) {
    refuse(
      "proxy",
      `absent: set trustProxy to ${proxy ? "the number of proxies" : "false"} in createManager's configuration`,
    );
  }
  if (typeof cookie === "object") assertAgrees(cookie, settings);
  else if (cookie !== undefined && typeof cookie !== "function") refuse("cookie", "an object or a function");
}

function trusts({ trustProxy }: Settings): boolean {
  return trustProxy !== false && trustProxy !== 0;
}

/** The lifetime that each new session gets, ms. */
export function maxAgeOf({ cookie }: Rest, settings: Settings): (req: IncomingMessage) => number | undefined {
  if (typeof cookie !== "function") return () => undefined;
  return (req) => {
    const given = cookie(req);
    assertAgrees(given, settings, "each");
    return millisecondsOf(given.maxAge) ?? undefined;
  };
}

// HMAC-SHA256 is as strong as its key, and new ids are derived by it.
const leastSecret = 16;

/** Where old sessions are taken from, if anywhere. */
export function originOf({ from, key = "connect.sid", name = key, secret }: Rest): Origin | undefined {
  if (from === undefined) return undefined;
  if (typeof from.get !== "function" || typeof from.destroy !== "function") {
    refuse("from", "a store of express-session, with get and destroy");
  }
  const secrets: readonly Secret[] =
    typeof secret === "string" || types.isUint8Array(secret) ? [secret] : (secret ?? []);
  const usable = (each: unknown) => typeof each === "string" || types.isUint8Array(each);
  if (secrets.length === 0 || !secrets.every(usable)) {
    refuse(
      "secret",
      'the one, or the array, that express-session had: the cookies that lead to "from" are signed by it',
    );
  }
  if (Buffer.byteLength(secrets.at(-1) ?? "") < leastSecret) {
    const why = "the last one derives the new ids, and the cookies of today stay signed by the others";
    refuse("secret", `a list that ends in at least ${leastSecret} bytes: append one, and replace none: ${why}`);
  }
  return { store: from, name, secrets };
}
