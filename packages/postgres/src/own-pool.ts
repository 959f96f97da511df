import { createHash } from "node:crypto";
import { Socket } from "node:net";
import { BoundedCalls, NoAnswer } from "@sess/core";
import type { Pool, PoolClient, PoolConfig, QueryResult } from "pg";
import { isLost, isReadOnly, isUnprepared, TooManyWaiting, wasAnswered } from "./failure.js";
import type { PostgresTls } from "./options.js";
import type { Link, Value } from "./pool.js";

/** Where our own connections go. The driver takes an undefined part from the environment. */
export interface Endpoint {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly tls: PostgresTls | false;
  readonly poolSize: number;
  readonly prepare: boolean;
}

/** Maximum number of operations that wait for a connection. */
const mostWaiting = 10_000;
/** Longest wait for the connections to close in an orderly way, in milliseconds. */
const patience = 1000;
/** Silence on a connection after which the system checks that the other side still exists, in milliseconds. */
const keepAlive = 10_000;
/** How long an unused connection stays open, in milliseconds. */
const idle = 60_000;

/**
 * A prepared statement keeps its plan until the table is analysed again. A plan that was made while the table had one
 * page would read all of it, however large it has become.
 */
const noScans = "-c enable_seqscan=off";

/**
 * Opens a pool of our own. The driver is loaded here, so that an application with a pool of its own does not load a
 * second driver. `timeout` is in milliseconds; `configured` says whether connections begin with settings of ours: the
 * server aborts a statement after that time, and statements are prepared.
 */
export async function openOwn(endpoint: Endpoint, timeout: number, configured: boolean): Promise<Link> {
  const { Pool } = await import("pg");
  const { host, port, user, password, database, tls, poolSize, prepare } = endpoint;
  const sockets = new Set<Socket>();
  const pool = new Pool({
    ...definedOnly({ host, port, user, password, database }),
    ssl: tls,
    max: poolSize,
    connectionTimeoutMillis: timeout,
    idleTimeoutMillis: idle,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAlive,
    fallback_application_name: "@sess/postgres",
    // A little earlier than our own timeout: the connection then stays usable, and an abandoned statement does not keep
    // waiting for a lock.
    ...(configured && { statement_timeout: Math.ceil(timeout * 0.9) }),
    ...(configured && prepare && { options: [process.env.PGOPTIONS, noScans].filter(Boolean).join(" ") }),
    // The pool creates its own sockets so that it can destroy them: the driver only asks the other side to close, and
    // that side may be gone.
    stream: () => remember(new Socket(), sockets),
    // Every column arrives as the text that the server sends, whichever type parsers the application has set.
    types: { getTypeParser: () => (text: unknown) => text },
  } as PoolConfig);
  return new OwnPool(pool, configured && prepare, sockets);
}

/** When a connection was made, and when the server last answered on it: instants of the monotonic clock. */
interface Known {
  readonly born: number;
  heard: number;
}

/**
 * A pool that stops using bad connections after a failover, when they lead to a server that is gone or no longer the
 * primary. What one connection shows applies to all others that are no better, so that the time in which statements
 * fail does not grow with the pool's size. A lost or silent connection condemns every connection on which the server
 * has not answered since. A write refused as read-only condemns all of them.
 */
class OwnPool implements Link {
  readonly #pool: Pool;
  readonly #sockets: ReadonlySet<Socket>;
  readonly #known = new WeakMap<PoolClient, Known>();
  readonly #names = new Map<string, string>();
  readonly #calls = new BoundedCalls();
  #prepare: boolean;
  #silentSince = 0;
  #condemned = 0;

  constructor(pool: Pool, prepare: boolean, sockets: ReadonlySet<Socket>) {
    this.#pool = pool;
    this.#prepare = prepare;
    this.#sockets = sockets;
    // The driver removes an idle connection from the pool when it fails. Nothing else is to be done.
    pool.on("error", () => {});
    pool.on("connect", (client) => {
      client.on("error", () => {});
      this.#known.set(client, { born: performance.now(), heard: performance.now() });
    });
  }

  async query(text: string, values: readonly Value[], until: number, isFrequent: boolean): Promise<QueryResult> {
    const client = await this.#acquire(until);
    const sent = performance.now();
    const name = this.#prepare && isFrequent ? this.#nameOf(text) : undefined;
    try {
      const answer = await this.#calls.run(() => client.query({ name, text, values: [...values] }), until);
      this.#heard(client);
      client.release();
      return answer;
    } catch (error) {
      this.#learn(client, error, sent);
      client.release(!wasAnswered(error) || isReadOnly(error));
      if (name === undefined || !isUnprepared(error)) throw error;
    }
    // A pooler lost the prepared statement, or the table was changed. Either may happen again.
    this.#prepare = false;
    return this.query(text, values, until, isFrequent);
  }

  distrust(): void {
    this.#condemned = performance.now();
  }

  breakOff(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    await this.#pool.end();
    const closing = [...this.#sockets].map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    const closed = Promise.all(closing);
    await this.#calls.run(() => closed, performance.now() + patience).catch(() => this.breakOff());
    await closed;
    this.#calls.close();
  }

  async #acquire(until: number): Promise<PoolClient> {
    for (;;) {
      if (this.#pool.waitingCount >= mostWaiting) throw new TooManyWaiting();
      const client = await this.#calls.run(
        () => this.#pool.connect(),
        until,
        (late) => late.release(),
      );
      const { born, heard } = this.#known.get(client) ?? { born: 0, heard: 0 };
      if (born > this.#condemned && heard >= this.#silentSince) return client;
      client.release(true);
    }
  }

  #heard(client: PoolClient): void {
    const known = this.#known.get(client);
    if (known !== undefined) known.heard = performance.now();
  }

  #learn(client: PoolClient, error: unknown, sent: number): void {
    if (wasAnswered(error)) this.#heard(client);
    if (isLost(error) || error instanceof NoAnswer) this.#silentSince = Math.max(this.#silentSince, sent);
    if (isReadOnly(error)) this.#condemned = performance.now();
  }

  /** The name says the text: behind a pooler, another process may have prepared the statement that has this name. */
  #nameOf(text: string): string {
    const name = this.#names.get(text) ?? `sess_${createHash("sha256").update(text).digest("hex").slice(0, 32)}`;
    this.#names.set(text, name);
    return name;
  }
}

function remember(socket: Socket, sockets: Set<Socket>): Socket {
  sockets.add(socket);
  return socket.once("close", () => sockets.delete(socket));
}

function definedOnly(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
