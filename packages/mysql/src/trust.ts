import { isLost, isReadOnly, isTimeout, wasAnswered } from "./failure.js";
import { coreOf, type MysqlConnection } from "./pool.js";

interface Known {
  /** When it was first seen, and when the server was last heard on it: instants of the monotonic clock. */
  readonly seen: number;
  heard: number;
}

/**
 * Least time between two judgements on all connections, in milliseconds: a server that stays read-only must not be overrun
 * by those who reconnect to read.
 */
const leastPause = 500;

/**
 * Which connections of a pool may still be used. After a failover they lead to a server that is gone or no longer the
 * primary, and the pool does not know: what is learnt on one of them is held against those that are no better, so that
 * the time in which statements fail does not grow with the size of the pool.
 *
 * - A statement that was not answered in time, or whose connection was lost, is held against the connections not heard
 *   from since it was sent.
 * - The answer of a read-only server is held against every connection that was there by then: also against those on
 *   which reads go on, as they would for ever, on what has become a replica.
 */
export class Trust {
  readonly #known = new WeakMap<object, Known>();
  #silentSince = Number.NEGATIVE_INFINITY;
  /** When a write was last refused, and up to when that is held against connections. */
  #refusedAt = Number.NEGATIVE_INFINITY;
  #demotedAt = Number.NEGATIVE_INFINITY;

  /** Whether a connection that the pool gives may be used; one that was not seen before may. */
  accepts(connection: MysqlConnection): boolean {
    const known = this.#of(connection);
    if (performance.now() - this.#demotedAt >= leastPause) this.#demotedAt = this.#refusedAt;
    return known.heard >= this.#silentSince && known.seen > this.#demotedAt;
  }

  /** The server has answered on the connection. */
  heard(connection: MysqlConnection): void {
    this.#of(connection).heard = performance.now();
  }

  /** A statement that was sent at an instant has failed on the connection. */
  failed(connection: MysqlConnection, error: unknown, sent: number): void {
    if (wasAnswered(error)) this.heard(connection);
    if (isReadOnly(error)) this.#refusedAt = performance.now();
    if (isTimeout(error) || isLost(error)) this.#silentSince = Math.max(this.#silentSince, sent);
  }

  #of(connection: MysqlConnection): Known {
    const core = coreOf(connection);
    let known = this.#known.get(core);
    if (known === undefined) {
      const now = performance.now();
      known = { seen: now, heard: now };
      this.#known.set(core, known);
    }
    return known;
  }
}
