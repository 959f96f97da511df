import type { ConnectionOptions } from "node:tls";
import { SessionError } from "@sess/core";
import { driverOf, type RedisClient } from "./clients.js";
import { parseUrl } from "./config-url.js";
import type { Driver } from "./driver.js";
import type { RedisConfig, RedisOptions } from "./options.js";
import type { Endpoint } from "./own-client.js";

/** A caller's client and its driver. */
export interface Borrowed {
  readonly client: RedisClient;
  readonly driver: Driver;
}

/** A configuration that has been checked. */
export interface Settings {
  readonly target: Endpoint | Borrowed;
  readonly prefix: string;
  /** Milliseconds. */
  readonly commandTimeout: number;
  /** The number of replicas that must have a new session or a marker. */
  readonly wait: number | undefined;
}

const commonKeys = ["prefix", "commandTimeout", "wait"];
const ownKeys = ["url", "host", "port", "username", "password", "db", "tls", "path", ...commonKeys];
const clientKeys = ["client", ...commonKeys];

/**
 * Whether a configuration is beego's string, whose parser is loaded only then. A URL is not such a string. Throws a
 * `SessionError` with `SESS_CONFIG` for a URL of another scheme.
 */
export function isSeedString(config: RedisConfig | string | undefined): config is string {
  if (typeof config !== "string" || isUrl(config)) return false;
  if (config.includes("://")) throw wrong("a URL must begin with redis:// or rediss://");
  return true;
}

/**
 * Checks a configuration: nothing, a `redis://` or `rediss://` URL, or typed options. Throws a `SessionError` with
 * `SESS_CONFIG` that names the wrong part, never its value.
 */
export function parseConfig(config: RedisConfig | string | undefined): Settings {
  if (config === undefined) return parseConfig({});
  if (typeof config === "string") return parseConfig({ url: config });
  if (typeof config !== "object" || config === null) throw wrong("must be a string or an object");
  const withClient = "client" in config;
  rejectUnknown(config, withClient ? clientKeys : ownKeys);
  const { prefix = "sess:", commandTimeout = 2000, wait } = config;
  if (typeof prefix !== "string") throw wrong("prefix must be a string");
  if (!isInteger(commandTimeout, 1, 9000))
    throw wrong("commandTimeout must be an integer from 1 to 9000, in milliseconds");
  if (wait !== undefined && !isInteger(wait, 1, 2 ** 31 - 1)) throw wrong("wait must be an integer of at least 1");
  const target = withClient ? checkClient(config.client, wait !== undefined) : endpointOf(config);
  return { target, prefix, commandTimeout, wait };
}

function isUrl(text: string): boolean {
  return /^rediss?:\/\//i.test(text);
}

function endpointOf(options: RedisOptions): Endpoint {
  const { url, ...explicit } = options;
  const merged = { ...(url === undefined ? {} : parseUrl(url)), ...definedOnly(explicit) };
  const { host = "127.0.0.1", port = 6379, db = 0, path, username, password, tls } = merged;
  if (path !== undefined && (url !== undefined || options.host !== undefined || options.port !== undefined)) {
    throw wrong("path excludes url, host and port");
  }
  for (const [name, value] of Object.entries({ host, path, username, password })) {
    if (value !== undefined && typeof value !== "string") throw wrong(`${name} must be a string`);
  }
  if (!isInteger(port, 1, 65_535)) throw wrong("port must be an integer from 1 to 65535");
  if (!isInteger(db, 0, 2 ** 31 - 1)) throw wrong("db must be an integer of at least 0");
  return { host, port, db, ...definedOnly({ path, username, password }), ...secure(tls) };
}

function secure(tls: boolean | ConnectionOptions | undefined): { readonly tls?: ConnectionOptions } {
  if (tls === undefined || tls === false) return {};
  if (tls === true) return { tls: {} };
  if (typeof tls !== "object" || tls === null) throw wrong("tls must be true, false or an object");
  return { tls };
}

function checkClient(client: RedisClient, waits: boolean): Borrowed {
  const driver = driverOf(client, waits);
  const reads: unknown = Reflect.get(Object(Reflect.get(client, "options")), "scaleReads");
  // A replica lags behind and would return destroyed sessions.
  if (reads !== undefined && reads !== "master") throw wrong("client must read from masters: scaleReads");
  return { client, driver };
}

function rejectUnknown(config: object, known: readonly string[]): void {
  const unknown = Object.keys(config).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw wrong(`has an option that is not known here: ${unknown}; known are ${known.join(", ")}`);
}

type Defined<T> = { [N in keyof T]: Exclude<T[N], undefined> };

function definedOnly<T extends object>(options: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<Defined<T>>;
}

function isInteger(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `redis: providerConfig ${message}`);
}
