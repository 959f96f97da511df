import { SessionError } from "@sess/core";
import { isLost, ranNot, statementFailure } from "./failure.js";
import type { Link, Row, Value } from "./pool.js";

interface Options {
  /** Whether the statement changes nothing. It may then be sent again although its outcome is unknown. */
  readonly reads?: boolean;
  /** Of a statement about one key: every returned row must have it. */
  readonly key?: string;
}

/** Maximum number of attempts at a statement that was rolled back, or at a read whose connection was lost. */
const mostAttempts = 10;
/**
 * Longest pause before the second attempt, which doubles with each further one, and longest pause of all, in
 * milliseconds.
 */
const [firstPause, lastPause] = [10, 200];

/**
 * Runs statements independently of each other: no transaction spans two of them, and nothing is kept on a connection.
 * Each settles within `timeout` and rejects with `SESS_UNAVAILABLE`, `SESS_TOO_LARGE`, or after {@link
 * Statements.close} with `SESS_CLOSED`. A statement that the server rolled back because of others is sent again, and so
 * is a read whose connection was lost. A write whose connection was lost is not: only core can find out whether it was
 * carried out.
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

  /** Resolves when all pending statements have settled and our own pool is closed. */
  close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#running).then(() => this.#link.close());
    return this.#closing;
  }

  async #run(sql: string, values: readonly Value[], { reads = false, key }: Options, until: number) {
    for (let attempt = 1; ; attempt++) {
      this.assertOpen();
      try {
        const { rows } = await this.#link.query(sql, values, until, key !== undefined);
        return this.#checked(rows as readonly Row[], key);
      } catch (error) {
        const again = ranNot(error) || (reads && isLost(error));
        if (!again || attempt === mostAttempts || !(await pause(attempt, until))) throw statementFailure(error);
      }
    }
  }

  /** Checks that every row has the key, whatever the connection returns. */
  #checked(rows: readonly Row[], key: string | undefined): readonly Row[] {
    if (key === undefined || rows.every((row) => row.key === key)) return rows;
    this.#link.distrust();
    throw new Error("an answer was not about what was asked for");
  }
}

/** Waits for a random time, longer with each attempt. Returns false when the deadline comes first. */
async function pause(attempt: number, until: number): Promise<boolean> {
  const ms = Math.random() * Math.min(firstPause * 2 ** (attempt - 1), lastPause);
  if (performance.now() + ms >= until) return false;
  await new Promise((resolve) => setTimeout(resolve, ms));
  return true;
}
