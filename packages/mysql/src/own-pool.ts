import { connect, type Socket } from "node:net";
import { BoundedCalls } from "@sess/core";
import type { PoolConnection, PoolOptions } from "mysql2";
import type { PoolConnection as PromisePoolConnection } from "mysql2/promise";
import { coreOf, type Link, type MysqlConnection, type Value } from "./pool.js";

/** Where our own connections go. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** A Unix socket, in place of host and port. */
  readonly socketPath?: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly ssl?: NonNullable<Exclude<PoolOptions["ssl"], string>>;
  readonly poolSize: number;
  /** Milliseconds within which a connection must be made. */
  readonly connectTimeout: number;
}

/** Maximum number of operations that wait for a connection. */
const mostWaiting = 10_000;
/** Longest wait for the connections to close in an orderly way, in milliseconds. */
const patience = 1000;
/** Silence on a connection after which the system checks that the other side still exists, in milliseconds. */
const keepAlive = 10_000;

/**
 * The first statement on each connection. Waiting for a lock ends after one second, so that the statement can be tried
 * again before the deadline; the server's default is 50 seconds. Each statement commits by itself.
 */
const setUp = "SET SESSION autocommit = 1, innodb_lock_wait_timeout = 1";

/**
 * Opens a pool of our own. It connects when a connection is needed, prints nothing, and leaves nothing open after
 * closing.
 */
export async function openOwn(endpoint: Endpoint): Promise<Link> {
  // Loaded here, so that an application that brings its own pool does not load a second mysql2.
  const { createPool } = await import("mysql2");
  const sockets = new Set<Socket>();
  const core = createPool({ ...optionsOf(endpoint), stream: () => dial(endpoint, sockets) });
  core.on("connection", (connection: PoolConnection) => {
    // mysql2 removes a connection from the pool at its first error and then stops listening. A second error must not be
    // uncaught.
    connection.on("error", () => {});
    connection.query(setUp, (error) => {
      if (error) connection.destroy();
    });
  });
  const breakOff = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    pool: core.promise(),
    size: endpoint.poolSize,
    execute,
    discard,
    breakOff,
    close: async () => {
      const ended = () => new Promise((resolve) => core.end(resolve));
      await new BoundedCalls().run(ended, performance.now() + patience).catch(() => {});
      breakOff();
    },
  };
}

function optionsOf({ host, port, user, password, database, ssl, poolSize, connectTimeout }: Endpoint): PoolOptions {
  return {
    host,
    port,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(database !== undefined && { database }),
    ...(ssl !== undefined && { ssl }),
    connectTimeout,
    connectionLimit: poolSize,
    queueLimit: mostWaiting,
    // No statement here sends a file, so no server may ask for one.
    flags: ["-LOCAL_FILES"],
    rowsAsArray: true,
    // Otherwise mysql2 captures a stack for each statement, for errors that are never shown.
    trace: false,
  };
}

/**
 * Opens the socket here, so that it can be destroyed: mysql2 only asks the other side to close, and that side may be
 * gone.
 */
function dial({ host, port, socketPath }: Endpoint, sockets: Set<Socket>): Socket {
  const socket = socketPath === undefined ? connect(port, host) : connect(socketPath);
  socket.setNoDelay(true).setKeepAlive(true, keepAlive);
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
  return socket;
}

/**
 * Runs a statement given as text: mysql2 would copy an options object for each statement. The pool has the options
 * already.
 */
function execute(connection: MysqlConnection, sql: string, values: Value[]): Promise<[unknown, unknown]> {
  return (connection as PromisePoolConnection).execute(sql, values);
}

function discard(connection: MysqlConnection): void {
  connection.destroy();
  const stream: unknown = Reflect.get(coreOf(connection), "stream");
  if (typeof stream === "object" && stream !== null && "destroy" in stream) (stream as Socket).destroy();
}
