import { BoundedCalls, SessionError } from "@sess/core";
import type { Deadline } from "./deadline.js";
import { isLost, keepsConnection, noConnection, ranNot, statementFailure, writeFailure } from "./failure.js";
import type { Link, MysqlConnection, Value } from "./pool.js";
import { Trust } from "./trust.js";

/** A row, with its columns in the order of the statement. */
export type Row = readonly unknown[];

interface Statement<T> {
  readonly sql: string;
  readonly values: readonly Value[];
  /** Converts an answer, or throws {@link Stray}. */
  take(answer: Row): T;
  /** Whether the statement changes nothing. It may then be sent again although its outcome is unknown. */
  readonly reads: boolean;
  /** Whether an error is thrown unchanged. */
  allows?(error: unknown): boolean;
}

/** Maximum number of attempts at a statement that lost its locks to others. */
const mostAttempts = 10;
/** Longest pause before the second attempt, in milliseconds; it doubles with each further one. */
const firstPause = 10;

/**
 * Runs prepared statements independently of each other: no transaction spans two of them. Each settles by its deadline
 * and rejects with `SESS_UNAVAILABLE`, or with `SESS_CLOSED` if it was not sent before {@link Statements.close}. A
 * statement that the server rolled back because of locks (1205, 1213) is sent again.
 */
export class Statements {
  readonly #link: Link;
  readonly #timeout: number;
  readonly #trust = new Trust();
  readonly #calls = new BoundedCalls();
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;

  /** `timeout` in milliseconds. */
  constructor(link: Link, timeout: number) {
    this.#link = link;
    this.#timeout = timeout;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** The deadline of an operation that begins now, shared by all its statements. */
  deadline(): Deadline {
    return performance.now() + this.#timeout;
  }

  /** Throws `SESS_CLOSED` after {@link Statements.close}. */
  assertOpen(): void {
    if (this.#closing) throw closed();
  }

  /**
   * The rows of a read. A read that finds its connection dead tries another one; each attempt removes one dead
   * connection from the pool. A row that does not `belong` to the question shows that the connection answered another
   * statement: that connection is removed as well.
   */
  rows(sql: string, values: readonly Value[], until: Deadline, belongs: (row: Row) => boolean = () => true) {
    const take = ([result]: Row): readonly Row[] => {
      if (!Array.isArray(result)) throw new Stray();
      if (!result.every((row) => Array.isArray(row) && belongs(row))) throw new Stray();
      return result;
    };
    return this.#run({ sql, values, take, reads: true }, until);
  }

  /** The columns of a read's result. */
  columns(sql: string, until: Deadline): Promise<readonly unknown[]> {
    const take = ([, fields]: Row): readonly unknown[] => {
      if (!Array.isArray(fields)) throw new Stray();
      return fields;
    };
    return this.#run({ sql, values: [], take, reads: true }, until);
  }

  /**
   * Resolves to the number of affected rows. Rejects with `SESS_TOO_LARGE` when the server finds the packet too large.
   * A write whose connection is lost is not sent again here: only core can find out whether it was carried out.
   */
  write(
    sql: string,
    values: readonly Value[],
    until: Deadline,
    allows: (error: unknown) => boolean = () => false,
  ): Promise<number> {
    const take = ([result]: Row): number => {
      const affected: unknown = typeof result === "object" && result !== null && Reflect.get(result, "affectedRows");
      if (typeof affected !== "number") throw new Stray();
      return affected;
    };
    return this.#run({ sql, values, take, reads: false, allows }, until);
  }

  /**
   * Resolves when our own pool is closed and no statement is pending. A statement already sent on a caller's pool goes
   * on.
   */
  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    await this.#link.close();
    await Promise.allSettled(this.#underWay);
  }

  #run<T>(statement: Statement<T>, until: Deadline): Promise<T> {
    const work = this.#attempt(statement, until);
    const over = () => this.#underWay.delete(work);
    this.#underWay.add(work);
    work.then(over, over);
    return work;
  }

  async #attempt<T>(statement: Statement<T>, until: Deadline): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const connection = await this.#acquire(until);
      try {
        return await this.#execute(connection, statement, until);
      } catch (error) {
        if (statement.allows?.(error)) throw error;
        const again = ranNot(error)
          ? attempt < mostAttempts && (await pause(attempt, until))
          : statement.reads && isLost(error) && attempt <= this.#link.size;
        if (!again) throw statement.reads ? statementFailure(error) : writeFailure(error);
      }
    }
  }

  async #execute<T>(connection: MysqlConnection, { sql, values, take }: Statement<T>, until: Deadline): Promise<T> {
    const sent = performance.now();
    try {
      const answer = take(await this.#calls.run(() => this.#link.execute(connection, sql, [...values]), until));
      this.#trust.heard(connection);
      connection.release();
      return answer;
    } catch (error) {
      this.#trust.failed(connection, error, sent);
      if (keepsConnection(error)) connection.release();
      else this.#link.discard(connection);
      throw error;
    }
  }

  async #acquire(until: Deadline): Promise<MysqlConnection> {
    for (;;) {
      const connection = await this.#take(until);
      if (this.#trust.accepts(connection)) return connection;
      this.#link.discard(connection);
    }
  }

  async #take(until: Deadline): Promise<MysqlConnection> {
    this.assertOpen();
    const { pool } = this.#link;
    try {
      // A connection that arrives after the deadline goes back to the pool.
      return await this.#calls.run(
        () => pool.getConnection(),
        until,
        (late) => late.release(),
      );
    } catch (error) {
      if (this.#closing) throw closed();
      throw noConnection(error);
    }
  }
}

/** An answer that does not belong to the statement. */
class Stray extends Error {
  constructor() {
    super("an answer was not about what was asked for");
    this.name = "Stray";
  }
}

/** Waits for a random time, longer with each attempt. Returns false when the deadline comes first. */
async function pause(attempt: number, until: Deadline): Promise<boolean> {
  const ms = Math.random() * firstPause * 2 ** (attempt - 1);
  if (performance.now() + ms >= until) return false;
  await new Promise((resolve) => setTimeout(resolve, ms));
  return true;
}

function closed(): SessionError {
  return new SessionError("SESS_CLOSED", "the mysql provider was closed");
}
