import { SessionError } from "@sess/core";
import type { RedisOptions } from "./options.js";

/**
 * Reads `redis://[user][:password]@host[:port][/db]`, and `rediss://` for TLS: the provisional URI scheme "redis" of
 * the IANA registry. Throws a `SessionError` with `SESS_CONFIG` that names the wrong part. No message shows the URL,
 * since it may hold a password.
 */
export function parseUrl(text: string): RedisOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw wrong(`cannot be parsed: ${areEncoded}`);
  if (url.protocol !== "redis:" && url.protocol !== "rediss:") throw wrong("must begin with redis:// or rediss://");
  if (url.hash !== "") throw wrong(`must not have a fragment: ${areEncoded}`);
  if (/@/.test(url.pathname + url.search)) throw wrong(`has an "@" after its host: ${areEncoded}`);
  if (url.search !== "") throw withQuery(url.searchParams);
  const host = decode("host", url.hostname.replace(/^\[(.*)\]$/, "$1"));
  const username = decode("username", url.username);
  const password = decode("password", url.password);
  return {
    ...(host !== "" && { host }),
    ...(url.port !== "" && { port: Number(url.port) }),
    ...(username !== "" && { username }),
    ...(password !== "" && { password }),
    ...databaseOf(url.pathname),
    ...(url.protocol === "rediss:" && { tls: true }),
  };
}

const areEncoded = "are user name and password percent-encoded (# is %23, / is %2F, ? is %3F, @ is %40)?";

/** The error shows the parameter's name only if it looks like one: it may be a part of a password. */
function withQuery(query: URLSearchParams): SessionError {
  const [name = ""] = query.keys();
  const named = /^[a-z]{1,12}(?:[A-Z_-][a-z]{1,12}){0,3}$/.test(name) ? ` (it has "${name}")` : "";
  return wrong(
    `must not have a query${named}: what the typed options do not have, set on a client of your own ({ client })`,
  );
}

function databaseOf(pathname: string): RedisOptions {
  const text = pathname.replace(/^\//, "");
  if (text === "") return {};
  if (!/^\d{1,9}$/.test(text)) throw wrong("has a path that is not the number of a database: db");
  return { db: Number(text) };
}

function decode(part: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`has a bad percent-encoding: ${part}`);
  }
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `redis: the url ${message}`);
}
