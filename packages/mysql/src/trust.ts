import { isLost, isReadOnly, isTimeout, wasAnswered } from "./failure.js";
import { coreOf, type MysqlConnection } from "./pool.js";

interface Known {
  /** When the connection was first seen, and when the server last answered on it: instants of the monotonic clock. */
  readonly seen: number;
  heard: number;
}

/**
 * Minimum time between two decisions to drop all connections, in milliseconds: reconnecting readers must not overload a
 * server that stays read-only.
 */
const leastPause = 500;

/**
 * Decides which connections of a pool may still be used. After a failover, connections lead to a server that is gone or
 * no longer the primary, and the pool does not notice. What one connection shows therefore applies to all others that
 * are no better, so that the time in which statements fail does not grow with the size of the pool.
 *
 * - A statement that got no answer in time, or whose connection was lost, condemns every connection on which the server
 *   has not answered since the statement was sent.
 * - A read-only answer condemns every connection that existed by then. Reads on a demoted server would otherwise go on
 *   without end.
 */
export class Trust {
  readonly #known = new WeakMap<object, Known>();
  #silentSince = Number.NEGATIVE_INFINITY;
  /** When a write was last refused, and which connections are refused for it: those seen no later than `#demotedAt`. */
  #refusedAt = Number.NEGATIVE_INFINITY;
  #demotedAt = Number.NEGATIVE_INFINITY;

  /** Whether a connection from the pool may be used. A connection not seen before may. */
  accepts(connection: MysqlConnection): boolean {
    const known = this.#of(connection);
    if (performance.now() - this.#demotedAt >= leastPause) this.#demotedAt = this.#refusedAt;
    return known.heard >= this.#silentSince && known.seen > this.#demotedAt;
  }

  /** The server has answered on the connection. */
  heard(connection: MysqlConnection): void {
    this.#of(connection).heard = performance.now();
  }

  /** A statement sent at the instant `sent` has failed on the connection. */
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
