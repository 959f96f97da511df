import { isIP } from "node:net";
import { SessionError } from "@sess/core";
import type { parseText, TextOptions } from "./config-text.js";
import { longestTimeout } from "./longest-timeout.js";
import type { MysqlConfig, MysqlOptions, MysqlTls } from "./options.js";
import type { Endpoint } from "./own-pool.js";
import type { MysqlPool } from "./pool.js";
import { checkTable } from "./schema.js";

/** A configuration that has been checked. */
export interface Settings {
  readonly target: Endpoint | MysqlPool;
  readonly table: string;
  readonly createTable: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  /** Maximum bytes of a packet, even if the server takes more. */
  readonly mostPacket: number;
}

const commonKeys = ["table", "createTable", "timeout"];
const poolKeys = [...commonKeys, "pool"];
const endpointKeys = ["host", "port", "socketPath", "user", "password", "database", "tls", "poolSize"];
const ownKeys = [...commonKeys, ...endpointKeys, "dsn"];
const tlsKeys = [
  ...["ca", "cert", "key", "passphrase", "ciphers", "minVersion", "maxVersion"],
  ...["rejectUnauthorized", "verifyIdentity"],
];

/** The DSN or URL of a configuration. If there is one, the parser of such texts must be loaded. */
export function textIn(config: MysqlConfig | string | undefined): string | undefined {
  if (typeof config === "string") return config;
  return typeof config === "object" && config !== null && "dsn" in config ? config.dsn : undefined;
}

/**
 * Checks a configuration: nothing, typed options, a `mysql://` URL or a DSN. A URL or a DSN needs `read`, its parser.
 * Throws a `SessionError` with `SESS_CONFIG` that names the wrong part, never its value.
 */
export function parseConfig(config: MysqlConfig | string | undefined, read?: typeof parseText): Settings {
  if (config === undefined) return parseConfig({}, read);
  if (typeof config === "string") return parseConfig({ dsn: config }, read);
  if (typeof config !== "object" || config === null) throw wrong("must be a string or an object");
  const withPool = "pool" in config;
  rejectUnknown("", config, withPool ? poolKeys : ownKeys);
  const merged: TextOptions = withPool ? config : merge(config, read);
  const { table = "sessions", createTable = true, timeout = 5000, mostPacket = Number.POSITIVE_INFINITY } = merged;
  if (typeof createTable !== "boolean") throw wrong("createTable must be true or false");
  checkInteger("timeout", timeout, 1, longestTimeout, ", in milliseconds");
  const target = withPool ? checkPool(config.pool) : endpointOf(merged, timeout);
  return { target, table: checkTable(table), createTable, timeout, mostPacket };
}

function merge({ dsn, ...options }: MysqlOptions, read?: typeof parseText): TextOptions {
  if (dsn !== undefined && typeof dsn !== "string") throw wrong("dsn must be a string");
  const { host, port, socketPath, ...rest }: TextOptions = (dsn !== undefined && read?.(dsn)) || {};
  const explicit = definedOnly(options);
  // A socket and a host exclude each other, so an explicit one replaces the other in the text.
  const hostIsSet = explicit.host !== undefined || explicit.port !== undefined;
  const address = explicit.socketPath !== undefined ? {} : hostIsSet ? { host, port } : { host, port, socketPath };
  return { ...rest, ...definedOnly(address), ...explicit };
}

function endpointOf(options: TextOptions, timeout: number): Endpoint {
  const { host = "127.0.0.1", port = 3306, poolSize = 10, socketPath, user, password, database, tls } = options;
  for (const [name, value] of Object.entries({ host, socketPath, user, password, database })) {
    if (value !== undefined && typeof value !== "string") throw wrong(`${name} must be a string`);
  }
  if (socketPath !== undefined && (options.host !== undefined || options.port !== undefined)) {
    throw wrong("socketPath excludes host and port");
  }
  checkInteger("port", port, 1, 65_535);
  checkInteger("poolSize", poolSize, 1, 1000);
  const connectTimeout = Math.min(options.connectTimeout ?? timeout, timeout);
  const rest = definedOnly({ socketPath, user, password, database });
  const { ssl } = secure(tls);
  // For an address, mysql2 would look for the name "localhost" in the certificate.
  if (ssl?.verifyIdentity && isIP(host) && socketPath === undefined) {
    throw wrong("tls checks the name of the host, and host is an address: name it, or set tls.verifyIdentity to false");
  }
  return { host, port, poolSize, connectTimeout, ...rest, ...(ssl !== undefined && { ssl }) };
}

function secure(tls: boolean | MysqlTls | undefined): Pick<Endpoint, "ssl"> {
  if (tls === undefined || tls === false) return {};
  if (tls === true) return { ssl: { rejectUnauthorized: true, verifyIdentity: true } };
  if (typeof tls !== "object" || tls === null) throw wrong("tls must be true, false or an object");
  rejectUnknown("tls.", tls, tlsKeys);
  const verified = tls.rejectUnauthorized !== false;
  return { ssl: { verifyIdentity: verified, ...tls } as NonNullable<Endpoint["ssl"]> };
}

function checkPool(pool: MysqlPool): MysqlPool {
  if (typeof pool !== "object" || pool === null || typeof pool.getConnection !== "function") {
    throw wrong("pool has no method getConnection: is it a pool of mysql2/promise?");
  }
  if ("promise" in pool) throw wrong("pool is one of mysql2, not of mysql2/promise: pass pool.promise()");
  return pool;
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

type Defined<T> = { [N in keyof T]: Exclude<T[N], undefined> };

function definedOnly<T extends object>(options: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Defined<T>>;
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `mysql: providerConfig ${message}`);
}
