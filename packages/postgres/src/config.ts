import { SessionError } from "@sess/core";
import type { PostgresConfig, PostgresOptions } from "./options.js";
import type { Endpoint } from "./own-pool.js";
import type { PostgresPool } from "./pool.js";
import { nameOf } from "./sql.js";
import { parseUrl } from "./url.js";

/** A configuration that has been checked. */
export interface Settings {
  readonly target: Endpoint | PostgresPool;
  readonly table: string;
  readonly schema: string | undefined;
  readonly createTable: boolean;
  /** Milliseconds. */
  readonly timeout: number;
}

/** Longest `timeout` allowed, in milliseconds: core gives up on a provider after ten seconds. */
const longestTimeout = 9000;

const commonKeys = ["table", "schema", "createTable", "timeout"];
const poolKeys = [...commonKeys, "pool"];
const texts = ["host", "user", "password", "database"] as const;
const ownKeys = [...commonKeys, ...texts, "url", "port", "tls", "poolSize", "prepare"];
const tlsKeys = [
  ...["ca", "cert", "key", "passphrase", "ciphers", "minVersion", "maxVersion"],
  ...["rejectUnauthorized", "checkServerIdentity"],
];

/**
 * Checks a configuration: nothing, a `postgres://` URL, or typed options. Throws a `SessionError` with `SESS_CONFIG`
 * that names the wrong part, never its value.
 */
export function parseConfig(config: PostgresConfig | string | undefined): Settings {
  if (config === undefined) return parseConfig({});
  if (typeof config === "string") return parseConfig({ url: config });
  if (typeof config !== "object" || config === null) throw wrong("must be a string or an object");
  const withPool = "pool" in config;
  rejectUnknown("", config, withPool ? poolKeys : ownKeys);
  const { table = "sessions", schema, createTable = true, timeout = 5000 } = config;
  nameOf(table, schema);
  checkBoolean("createTable", createTable);
  checkInteger("timeout", timeout, 1, longestTimeout, ", in milliseconds");
  const target = withPool ? checkPool(config.pool) : endpointOf(config);
  return { target, table, schema, createTable, timeout };
}

function endpointOf({ url, ...options }: PostgresOptions): Endpoint {
  if (url !== undefined && typeof url !== "string") throw wrong("url must be a string");
  const explicit = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const merged: PostgresOptions = { ...(url !== undefined && parseUrl(url)), ...explicit };
  const { host, port, user, password, database, tls = false, poolSize = 10, prepare = true } = merged;
  for (const name of texts) {
    if (merged[name] !== undefined && typeof merged[name] !== "string") throw wrong(`${name} must be a string`);
  }
  if (port !== undefined) checkInteger("port", port, 1, 65_535);
  checkInteger("poolSize", poolSize, 1, 1000);
  checkBoolean("prepare", prepare);
  return { host, port, user, password, database, poolSize, prepare, tls: checkTls(tls) };
}

function checkTls(tls: PostgresOptions["tls"]): Endpoint["tls"] {
  if (tls === false) return false;
  if (tls === true) return {};
  if (typeof tls !== "object" || tls === null) throw wrong("tls must be true, false or an object");
  rejectUnknown("tls.", tls, tlsKeys);
  return tls;
}

function checkPool(pool: PostgresPool): PostgresPool {
  if (typeof pool === "object" && pool !== null && typeof pool.query === "function") return pool;
  throw wrong("pool has no method query: is it a Pool of pg?");
}

function checkBoolean(name: string, value: boolean): void {
  if (typeof value !== "boolean") throw wrong(`${name} must be true or false`);
}

function checkInteger(name: string, value: number, least: number, most: number, unit = ""): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw wrong(`${name} must be an integer from ${least} to ${most}${unit}`);
}

function rejectUnknown(where: string, config: object, known: readonly string[]): void {
  const unknown = Object.keys(config).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw wrong(`has an option that is not known here: ${where}${unknown}; known are ${known.join(", ")}`);
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `postgres: providerConfig ${message}`);
}
