import { SessionError } from "@sess/core";
import { type Dsn, parseDsn } from "./dsn.js";
import { parseDuration, readBool } from "./dsn-params.js";
import { longestTimeout } from "./longest-timeout.js";
import type { MysqlOptions, MysqlTls } from "./options.js";

/** The options of a configuration text: the typed ones, and those that only a text has. */
export interface TextOptions extends MysqlOptions {
  /** Milliseconds within which a connection must be made. */
  readonly connectTimeout?: number;
  /** Maximum bytes of a packet, even if the server takes more. */
  readonly mostPacket?: number;
}

/**
 * Reads a `mysql://` URL or a DSN of go-sql-driver/mysql. Throws a `SessionError` with `SESS_CONFIG` that names the
 * wrong part, never its value.
 */
export function parseText(text: string): TextOptions {
  if (/^mysql:\/\//i.test(text)) return fromUrl(text);
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) throw wrong("a URL must begin with mysql://");
  return fromDsn(parseDsn(text));
}

function fromDsn({ user, password, net, addr, database, params }: Dsn): TextOptions {
  const timeouts = ["readTimeout", "writeTimeout"].map((name) => parseDuration(params.get(name) ?? "0"));
  const [timeout, connectTimeout] = [Math.max(...timeouts), parseDuration(params.get("timeout") ?? "0")];
  const mostPacket = Number(params.get("maxAllowedPacket") ?? 0);
  return {
    ...addressOf(net, addr),
    ...(user !== "" && { user }),
    ...(password !== "" && { password }),
    ...(database !== "" && { database }),
    ...(params.has("tls") && { tls: tlsOf(params.get("tls") ?? "") }),
    ...(timeout > 0 && { timeout: Math.min(Math.ceil(timeout), longestTimeout) }),
    ...(connectTimeout > 0 && { connectTimeout: Math.ceil(connectTimeout) }),
    ...(mostPacket > 0 && { mostPacket }),
  };
}

function addressOf(net: string, addr: string): MysqlOptions {
  if (net === "unix") return { socketPath: addr };
  if (net !== "tcp") throw wrong("the network of a DSN must be tcp or unix");
  const [, host = "", port = ""] = /^\[?(.*?)\]?:([^:]*)$/.exec(addr) ?? [];
  return { ...(host !== "" && { host }), ...(port !== "" && { port: portOf(port) }) };
}

const areEncoded = "are user name and password percent-encoded (# is %23, / is %2F, ? is %3F, @ is %40)?";

function fromUrl(text: string): TextOptions {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw wrong(`the URL cannot be parsed: ${areEncoded}`);
  if (url.hash !== "") throw wrong(`the URL must not have a fragment: ${areEncoded}`);
  // An unescaped "/", "?" or "#" in a password ends the host part of the URL, so that the "@" comes after it.
  if (/@/.test(url.pathname + url.search)) {
    throw wrong(`the URL has an "@" after its host: ${areEncoded}`);
  }
  const part = (name: string, value: string) => {
    const plain = decode(name, value);
    return plain === "" ? {} : { [name]: plain };
  };
  return {
    ...part("host", url.hostname.replace(/^\[(.*)\]$/, "$1")),
    ...(url.port !== "" && { port: portOf(url.port) }),
    ...part("user", url.username),
    ...part("password", url.password),
    ...part("database", url.pathname.replace(/^\//, "")),
    ...queryOf(url.searchParams),
  };
}

/** These make no difference here: texts are sent as bytes, times as numbers. */
const ignored = new Set(["charset", "collation", "timezone"]);
const instead: Readonly<Record<string, string>> = { connectionLimit: "poolSize", connectTimeout: "timeout" };

/** TLS in the words of go-sql-driver (`tls`), of the servers' own clients (`ssl-mode`) and of mysql2 (`ssl`). */
function queryOf(query: URLSearchParams): MysqlOptions {
  let options: MysqlOptions = {};
  for (const [name, value] of query) {
    if (name === "tls") options = { tls: tlsOf(value) };
    else if (name === "ssl-mode") options = { tls: modeOf(value) };
    else if (name === "ssl") options = { tls: sslOf(value) };
    else if (!ignored.has(name)) throw unknownParameter(name);
  }
  return options;
}

/** The error shows the parameter's name only if it looks like one: it may be a part of a password. */
function unknownParameter(name: string): SessionError {
  const named = /^[a-z]{1,12}(?:[A-Z_-][a-z]{1,12}){0,3}$/.test(name) ? ` "${name}"` : "";
  const use = Object.hasOwn(instead, name) ? `the typed option ${instead[name]}` : "the typed options";
  return wrong(`the URL has a parameter that is not known here${named} (tls, ssl-mode and ssl are): use ${use}`);
}

function tlsOf(value: string): boolean | MysqlTls {
  const bool = readBool(value);
  if (bool !== undefined) return bool;
  if (value.toLowerCase() === "skip-verify") return { rejectUnauthorized: false };
  // "preferred" would fall back to an unencrypted connection unnoticed.
  if (value.toLowerCase() === "preferred") throw wrong("tls=preferred is not supported: true, skip-verify or false");
  throw wrong("tls: invalid value / unknown config name; with certificates of your own use the typed options");
}

function modeOf(value: string): boolean | MysqlTls {
  switch (value.toUpperCase()) {
    case "DISABLED":
      return false;
    case "REQUIRED":
      return { rejectUnauthorized: false };
    case "VERIFY_CA":
      return { verifyIdentity: false };
    case "VERIFY_IDENTITY":
      return true;
    default:
      throw wrong("ssl-mode must be DISABLED, REQUIRED, VERIFY_CA or VERIFY_IDENTITY");
  }
}

function sslOf(value: string): boolean | MysqlTls {
  try {
    const parsed: unknown = JSON.parse(value);
    if (typeof parsed === "boolean") return parsed;
    if (typeof parsed === "object" && parsed !== null) return parsed as MysqlTls;
  } catch {
    // Falls through: invalid JSON is refused like JSON of a wrong type.
  }
  throw wrong("ssl must be true, false or a JSON object");
}

function portOf(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw wrong("port must be an integer from 1 to 65535");
}

function decode(part: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`the URL has a bad percent-encoding: ${part}`);
  }
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `mysql: ${message}`);
}
