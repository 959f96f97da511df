import { SessionError } from "@sess/core";
import { isLost, ranNot, statementFailure } from "./failure.js";
import type { Link, Row, Value } from "./pool.js";

interface Options {
  /** Whether it changes nothing, and so may be sent again though its fate is unknown. */
  readonly reads?: boolean;
  /** The key that each row must be about. */
  readonly key?: string;
}

/** Most attempts at a statement that was rolled back, or at a read whose connection was lost. */
const mostAttempts = 10;
/** Longest pause before such a statement is sent again, in milliseconds: the first, which doubles with each, and the last. */
const [firstPause, lastPause] = [10, 200];

/**
 * Runs statements, each by itself: there is never a transaction across two, nor anything that a connection remembers. Each
 * settles within `timeout` and rejects with `SESS_UNAVAILABLE`, `SESS_TOO_LARGE`, or after {@link Statements.close} with
 * `SESS_CLOSED`. One that the server rolled back for the sake of others is sent again, and so is a read whose connection
 * was lost; a write is core's to send again, which knows how to tell whether it was carried out.
 */
export class Statements {
  readonly #link: Link;
  readonly #timeout: number;
  readonly #running = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** `timeout` in milliseconds. */
  constructor(link: Link, timeout: number) {
    this.#link = link;
    this.#timeout = timeout;
  }

  /** Throws `SESS_CLOSED` after {@link Statements.close}. */
  assertOpen(): void {
    if (this.#closing) throw new SessionError("SESS_CLOSED", "the postgres provider was closed");
  }

  async run(sql: string, values: readonly Value[], options: Options = {}): Promise<readonly Row[]> {
    const work = this.#run(sql, values, options, performance.now() + this.#timeout);
    this.#running.add(work);
    try {
      return await work;
    } finally {
      this.#running.delete(work);
    }
  }

  /** Resolves when what was under way has settled, and what we opened is closed. */
  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#running).then(() => this.#link.close());
    return this.#closing;
  }

  async #run(sql: string, values: readonly Value[], { reads = false, key }: Options, until: number) {
    for (let attempt = 1; ; attempt++) {
      this.assertOpen();
      try {
        const { rows } = await this.#link.query(sql, values, until);
        return this.#checked(rows as readonly Row[], key);
      } catch (error) {
        const again = ranNot(error) || (reads && isLost(error));
        if (!again || attempt === mostAttempts || !(await pause(attempt, until))) throw statementFailure(error);
      }
    }
  }

  /** Rows of one key: never another's, whatever the connection gives. */
  #checked(rows: readonly Row[], key: string | undefined): readonly Row[] {
    if (key === undefined || rows.every((row) => row.key === key)) return rows;
    this.#link.distrust();
    throw new Error("an answer was not about what was asked for");
  }
}

/** Waits for a random while, longer with each attempt; false when time is up first. */
async function pause(attempt: number, until: number): Promise<boolean> {
  const ms = Math.random() * Math.min(firstPause * 2 ** (attempt - 1), lastPause);
  if (performance.now() + ms >= until) return false;
  await new Promise((resolve) => setTimeout(resolve, ms));
  return true;
}
