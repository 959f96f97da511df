import type { Finding, Provider, SessionRecord, Update } from "@sess/core";
import type { Row, Value } from "./pool.js";
import { columnsOf, encode, recordOf } from "./record.js";
import { gcBatch, pageSize, type Sql } from "./sql.js";
import type { Statements } from "./statements.js";

/** How long an expired record is kept for processes whose clocks are behind, in milliseconds. */
const grace = 60_000;
/** Pause between two batches of gc, for other work, in milliseconds. */
const gcPause = 10;

/** A {@link Provider} over one table. Each method is one statement, whether it succeeds or is refused. */
export class PostgresStore implements Provider {
  readonly #statements: Statements;
  readonly #sql: Sql;
  readonly #now: () => number;
  readonly diagnose: () => Promise<readonly Finding[]>;

  constructor(statements: Statements, sql: Sql, now: () => number, diagnose: () => Promise<readonly Finding[]>) {
    this.diagnose = diagnose;
    this.#statements = statements;
    this.#sql = sql;
    this.#now = now;
  }

  async read(key: string): Promise<SessionRecord | undefined> {
    const [row] = await this.#statements.run(this.#sql.read, [key, this.#now()], { reads: true, key });
    return row && recordOf(row);
  }

  async create(key: string, record: SessionRecord): Promise<boolean> {
    return this.#writes(this.#sql.create, key, [...columnsOf(record), this.#now()]);
  }

  async update(key: string, record: SessionRecord, expected: string): Promise<Update> {
    const values = [key, ...columnsOf(record), encode(expected), this.#now()];
    const [row] = await this.#statements.run(this.#sql.update, values, { key });
    if (row === undefined) return { written: false, current: undefined };
    return row.version === null ? { written: true } : { written: false, current: recordOf(row) };
  }

  async touch(key: string, expiresAt: number, expected: string): Promise<boolean> {
    return this.#writes(this.#sql.touch, key, [expiresAt, encode(expected), this.#now()]);
  }

  async count(): Promise<number> {
    const [row] = await this.#statements.run(this.#sql.count, [this.#now()], { reads: true });
    return Number(row?.n);
  }

  async gc(): Promise<number> {
    const before = this.#now() - grace;
    for (let removed = 0; ; await new Promise((resolve) => setTimeout(resolve, gcPause))) {
      const [row] = await this.#statements.run(this.#sql.collect, [before]);
      removed += Number(row?.n);
      if (Number(row?.n) < gcBatch) return removed;
    }
  }

  close(): Promise<void> {
    return this.#statements.close();
  }

  keys(): AsyncGenerator<string> {
    return this.#pages(this.#sql.keys, this.#now());
  }

  /** Markers and expired records are included. */
  keysOf(owner: string): AsyncGenerator<string> {
    return this.#pages(this.#sql.keysOf, encode(owner));
  }

  /**
   * Lists page by page in the order of the keys, so that a row that exists throughout is always listed, whatever is
   * added or removed meanwhile.
   */
  async *#pages(sql: string, first: Value): AsyncGenerator<string> {
    for (let last: string | undefined = ""; last !== undefined; ) {
      const rows: readonly Row[] = await this.#statements.run(sql, [first, last], { reads: true });
      for (const { key } of rows) {
        this.#statements.assertOpen();
        yield String(key);
      }
      last = rows.length < pageSize ? undefined : String(rows.at(-1)?.key);
    }
  }

  async #writes(sql: string, key: string, values: readonly Value[]): Promise<boolean> {
    return (await this.#statements.run(sql, [key, ...values], { key })).length === 1;
  }
}
