import { SessionError } from "@sess/core";
import type { RedisOptions } from "./options.js";

/**
 * Reads `addr,poolsize,password,dbnum,idle`, the configuration string of beego's redis provider; every part may be
 * empty or absent. Pool size and idle time are checked but not used, since ioredis sends everything over one
 * connection. A password with a comma cannot be written in this form. Throws a `SessionError` with `SESS_CONFIG` that
 * names the part.
 */
export function parseAddressList(text: string): RedisOptions {
  const [address = "", poolSize = "", password = "", database = "", idle = "", ...rest] = text.split(",");
  if (rest.length > 0) {
    throw wrong("has more than five parts; a password with a comma needs a URL or the typed options");
  }
  numberOf("poolsize", poolSize);
  numberOf("idle", idle);
  const db = numberOf("dbnum", database);
  return {
    ...parseAddress(address.trim()),
    ...(password !== "" && { password }),
    ...(db !== undefined && { db }),
  };
}

/** `host`, `host:port` or `[IPv6]:port`; host or port may be missing. */
function parseAddress(address: string): RedisOptions {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(address);
  if (match === null) throw wrong("has a bad addr: an IPv6 address stands in brackets");
  const host = match[1] ?? match[2];
  const port = numberOf("addr's port", match[3] ?? "");
  if (port !== undefined && (port < 1 || port > 65_535)) throw wrong("has a bad addr: its port is out of range");
  return { ...(host && { host }), ...(port !== undefined && { port }) };
}

function numberOf(part: string, text: string): number | undefined {
  const digits = text.trim();
  if (digits === "") return undefined;
  if (!/^\d{1,9}$/.test(digits)) throw wrong(`has a bad number: ${part}`);
  return Number(digits);
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `redis: the string addr,poolsize,password,dbnum,idle ${message}`);
}
