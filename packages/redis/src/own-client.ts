import type { ConnectionOptions } from "node:tls";
import { BoundedCalls, SessionError } from "@sess/core";
import type { Redis } from "ioredis";
import type { Link } from "./driver.js";
import { messageOf, redacted, unavailable } from "./failure.js";
import { ioredisDriver } from "./ioredis.js";

/** Where our own connection goes. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** A Unix socket, in place of host and port. */
  readonly path?: string;
  readonly username?: string;
  readonly password?: string;
  readonly db: number;
  readonly tls?: ConnectionOptions;
}

/** Attempts to reconnect before the commands that wait are rejected. */
const retriesPerCommand = 3;
/** Longest pause between two attempts to reconnect, in milliseconds. */
const longestPause = 1000;
/** By how much a dead connection is dropped after the commands on it have given up, in milliseconds. */
const margin = 20;
/** Longest wait for QUIT, in milliseconds. */
const patience = 1000;

/**
 * Opens a connection of our own. It reconnects by itself, sends again what was not answered, and takes a connection
 * on which commands wait and nothing arrives for `timeout` milliseconds as dead.
 *
 * Rejects within `within` milliseconds with `SESS_CONFIG` when ioredis is not installed, or the server refuses the
 * credentials or the database, else with `SESS_UNAVAILABLE`; nothing is left open then.
 */
export async function openOwn(endpoint: Endpoint, timeout: number, within = timeout): Promise<Link> {
  const Redis = await load();
  const client = new Redis({ ...addressOf(endpoint), ...behaviour(timeout) });
  const calls = new BoundedCalls();
  let failure: unknown;
  // Without a listener ioredis prints every failure to connect.
  client.on("error", (error) => {
    failure = error;
    // ioredis would go on with database 0.
    if (isRefusedSelect(error)) client.disconnect(true);
  });
  client.on("ready", () => {
    failure = undefined;
  });
  try {
    await calls.run(() => client.connect(), performance.now() + within);
  } catch (error) {
    cut(client);
    calls.close();
    throw connectFailure(failure ?? error);
  }
  return {
    driver: ioredisDriver(client),
    ready: () => client.status === "ready",
    failure: () => failure,
    gather: gathering(client),
    distrust: () => reset(client),
    close: () => quit(client, calls),
  };
}

/** Loaded here: an application that brings a client of its own needs no ioredis. */
async function load(): Promise<typeof Redis> {
  try {
    // In a try block bundlers take it for what may be missing.
    return (await import("ioredis")).Redis;
  } catch (cause) {
    const reason = "redis: ioredis is not installed: `npm install ioredis`, or pass a `client` of your own";
    throw new SessionError("SESS_CONFIG", reason, { cause: redacted(cause) });
  }
}

/** As it is when this is loaded: under a test's fake timers commands must leave all the same. */
const soon = setImmediate;

/** Holds back what is written until the event loop has read all that had arrived by now. */
function gathering(client: Redis): () => void {
  let gathers = false;
  return () => {
    const { stream } = client;
    if (gathers || client.status !== "ready") return;
    gathers = true;
    stream.cork();
    soon(() => {
      gathers = false;
      stream.uncork();
    });
  };
}

function isRefusedSelect(error: Error): boolean {
  return "command" in error && (error.command as { readonly name?: unknown } | undefined)?.name === "select";
}

function addressOf(endpoint: Endpoint) {
  const { host, port, path, username, password, db, tls } = endpoint;
  return {
    ...(path === undefined ? { host, port } : { path }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
    db,
  };
}

function behaviour(timeout: number) {
  return {
    lazyConnect: true,
    // CLIENT SETINFO would be one more command to grant, and a line in the log of the server that denies it.
    disableClientInfo: true,
    connectTimeout: timeout,
    // After the commands have given up, which then say that there was no answer.
    socketTimeout: timeout + margin,
    maxRetriesPerRequest: retriesPerCommand,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** (attempt - 1), longestPause) + Math.random() * 50,
    // After a failover behind one address the connection may lead to what has become a replica.
    reconnectOnError: (error: Error) => error.message.includes("READONLY"),
  };
}

function connectFailure(error: unknown): SessionError {
  const message = messageOf(error);
  if (/WRONGPASS|NOAUTH|NOPERM|invalid password|without any password|DB index|invalid DB/i.test(message)) {
    const reason = "redis: the server refused the user name, the password or the database number";
    return new SessionError("SESS_CONFIG", reason, { cause: redacted(error) });
  }
  return unavailable("redis: the server cannot be reached", error);
}

async function quit(client: Redis, calls: BoundedCalls): Promise<void> {
  try {
    if (client.status === "ready") await calls.run(() => client.quit(), performance.now() + patience);
  } catch {
    // The connection is cut all the same.
  } finally {
    cut(client);
    calls.close();
  }
}

/** Ends the connection for good, at once. */
function cut(client: Redis): void {
  client.disconnect();
  // Else a connection attempt that hangs keeps the process for two seconds more.
  client.stream?.destroy();
}

/** Drops the connection, whose answers still on their way must not be read, and opens another. */
function reset(client: Redis): void {
  if (client.status === "ready") client.stream.destroy();
}
