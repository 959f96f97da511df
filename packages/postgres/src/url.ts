import { SessionError } from "@sess/core";
import type { PostgresOptions, PostgresTls } from "./options.js";

/**
 * Reads a `postgres://` or `postgresql://` URL with one host ("34.1.1.2. Connection URIs" of PostgreSQL's
 * documentation). The parameters `host`, `port`, `user`, `password`, `dbname` and `sslmode` are understood. Throws a
 * `SessionError` with `SESS_CONFIG` that names the wrong part, never its value.
 */
export function parseUrl(text: string): PostgresOptions {
  if (!/^postgres(ql)?:\/\//i.test(text)) throw wrong("a string must be a URL that begins with postgres://");
  // A URL of PostgreSQL may have a port or a user without a host; WHATWG's grammar does not allow that.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw wrong("the URL cannot be parsed: are user name and password percent-encoded?");
  if (url.hash !== "") throw wrong("the URL must not have a fragment");
  const parts: Record<string, string> = {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port,
    user: url.username,
    password: url.password,
    database: url.pathname.slice(1),
  };
  const plain = Object.entries(parts).map(([name, value]) => [name, decode(name, value)] as const);
  return optionsOf(new Map([...plain.filter(([, value]) => value !== ""), ...parametersOf(url.searchParams)]));
}

function parametersOf(query: URLSearchParams): [string, string][] {
  const known: Record<string, string> = { dbname: "database" };
  for (const name of ["host", "port", "user", "password", "sslmode"]) known[name] = name;
  return [...query].map(([name, value]) => {
    const option = Object.hasOwn(known, name) ? known[name] : undefined;
    if (option === undefined) {
      throw wrong(`the URL has a parameter other than ${Object.keys(known).join(", ")}: use the typed options`);
    }
    return [option, value];
  });
}

function optionsOf(parts: ReadonlyMap<string, string>): PostgresOptions {
  const { port, sslmode, ...rest } = Object.fromEntries(parts) as Record<string, string>;
  return {
    ...rest,
    ...(port !== undefined && { port: Number(port) }),
    ...(sslmode !== undefined && { tls: tlsOf(sslmode) }),
  };
}

/** As in "34.19. SSL Support", without the modes that may fall back to an unencrypted connection unnoticed. */
function tlsOf(mode: string): boolean | PostgresTls {
  switch (mode) {
    case "disable":
      return false;
    case "require":
      return { rejectUnauthorized: false };
    case "verify-ca":
      return { checkServerIdentity: () => undefined };
    case "verify-full":
      return true;
    default:
      throw wrong("sslmode must be disable, require, verify-ca or verify-full");
  }
}

function decode(part: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`the URL has a bad percent-encoding: ${part}`);
  }
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `postgres: providerConfig ${message}`);
}
