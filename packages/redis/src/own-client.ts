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

/** Attempts to reconnect before waiting commands are rejected. */
const retriesPerCommand = 3;
/** Longest pause between two attempts to reconnect, in milliseconds. */
const longestPause = 1000;
/** How long after its commands have given up a dead connection is dropped, in milliseconds. */
const margin = 20;
/** Longest wait for QUIT, in milliseconds. */
const patience = 1000;

/**
 * Opens a connection of our own. It reconnects by itself and sends unanswered commands again. It counts as dead when
 * commands wait and nothing arrives for `timeout` milliseconds.
 *
 * Rejects within `within` milliseconds: with `SESS_CONFIG` when ioredis is not installed, or when the server refuses
 * the credentials or the database; otherwise with `SESS_UNAVAILABLE`. It then leaves nothing open.
 */
export async function openOwn(endpoint: Endpoint, timeout: number, within = timeout): Promise<Link> {
  const Redis = await load();
  const client = new Redis({ ...addressOf(endpoint), ...behaviour(timeout) });
  const calls = new BoundedCalls();
  let failure: unknown;
  // Without a listener, ioredis prints every failure to connect.
  client.on("error", (error) => {
    failure = error;
    // Otherwise ioredis would go on with database 0.
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

/** Loaded here, because an application with a client of its own does not need ioredis. */
async function load(): Promise<typeof Redis> {
  try {
    // The try block tells bundlers that the package may be missing.
    return (await import("ioredis")).Redis;
  } catch (cause) {
    const reason = "redis: ioredis is not installed: `npm install ioredis`, or pass a `client` of your own";
    throw new SessionError("SESS_CONFIG", reason, { cause: redacted(cause) });
  }
}

/** Taken when the module is loaded: commands must leave under a test's fake timers too. */
const soon = setImmediate;

/**
 * Holds back commands until the event loop has read everything that has arrived so far, so that they leave in one
 * packet.
 */
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
    // CLIENT SETINFO would be one more command to permit; a server that denies it logs a line.
    disableClientInfo: true,
    connectTimeout: timeout,
    // Later than the time limit of the commands, so that their error says that no answer came.
    socketTimeout: timeout + margin,
    maxRetriesPerRequest: retriesPerCommand,
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** (attempt - 1), longestPause) + Math.random() * 50,
    // After a failover behind one address, the connection may lead to a server that has become a replica.
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
    // The connection is closed in any case.
  } finally {
    cut(client);
    calls.close();
  }
}

/** Closes the connection at once, without reconnecting. */
function cut(client: Redis): void {
  client.disconnect();
  // Otherwise a pending connection attempt keeps the process alive for two more seconds.
  client.stream?.destroy();
}

/** Drops the connection, so that the answers still on their way are never read, and opens another. */
function reset(client: Redis): void {
  if (client.status === "ready") client.stream.destroy();
}
