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
  /** Milliseconds to connect in. */
  readonly connectTimeout: number;
}

/** Most operations that may wait for a connection. */
const mostWaiting = 10_000;
/** Longest wait for the connections to say goodbye, in milliseconds. */
const patience = 1000;
/** Silence on a connection after which the system asks whether the other side is there, in milliseconds. */
const keepAlive = 10_000;

/**
 * What each connection begins with. A lock that somebody keeps for a second is asked for again, which the server's
 * default of 50 seconds would not come to before the deadline; and nothing of ours may wait for a commit.
 */
const setUp = "SET SESSION autocommit = 1, innodb_lock_wait_timeout = 1";

/** A pool of our own. It connects when a connection is needed; nothing is printed, and nothing is left when it closes. */
export async function openOwn(endpoint: Endpoint): Promise<Link> {
  // Loaded here, so that an application that brings its own pool does not load a second mysql2.
  const { createPool } = await import("mysql2");
  const sockets = new Set<Socket>();
  const core = createPool({ ...optionsOf(endpoint), stream: () => dial(endpoint, sockets) });
  core.on("connection", (connection: PoolConnection) => {
    // mysql2 takes a connection out of the pool at its first error; at a second nobody else would listen.
    connection.on("error", () => {});
    connection.query(setUp, (error) => {
      if (error) connection.destroy();
    });
  });
  return {
    pool: core.promise(),
    size: endpoint.poolSize,
    execute,
    discard,
    close: async () => {
      const ended = () => new Promise((resolve) => core.end(resolve));
      await new BoundedCalls().run(ended, performance.now() + patience).catch(() => {});
      for (const socket of sockets) socket.destroy();
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
    // Nothing here asks for a file, and so no server may.
    flags: ["-LOCAL_FILES"],
    rowsAsArray: true,
    // Else each statement captures a stack, for errors that are not shown.
    trace: false,
  };
}

/** Sockets are opened here to be known: mysql2 only asks the other side to close them, which may be gone. */
function dial({ host, port, socketPath }: Endpoint, sockets: Set<Socket>): Socket {
  const socket = socketPath === undefined ? connect(port, host) : connect(socketPath);
  socket.setNoDelay(true).setKeepAlive(true, keepAlive);
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
  return socket;
}

/** By its text alone: mysql2 would copy options, with every statement. The pool has what they would say. */
function execute(connection: MysqlConnection, sql: string, values: Value[]): Promise<[unknown, unknown]> {
  return (connection as PromisePoolConnection).execute(sql, values);
}

function discard(connection: MysqlConnection): void {
  connection.destroy();
  const stream: unknown = Reflect.get(coreOf(connection), "stream");
  if (typeof stream === "object" && stream !== null && "destroy" in stream) (stream as Socket).destroy();
}
