import type { Provider, SessionRecord, Update } from "@sess/core";
import type { Deadline } from "./deadline.js";
import { numberOf, unavailable } from "./failure.js";
import { decodeRecord, encodeKey, encodeRecord, encodeTime, isAbout, type StoredFields, short } from "./record.js";
import { gcBatch, mostKeys, pageSize, type Sql } from "./sql.js";
import type { Row, Statements } from "./statements.js";

/** How long an expired record stays for clocks that are behind, in milliseconds. */
const grace = 60_000;
/** Time for others between two batches of gc, in milliseconds. */
const gcPause = 10;
/** Attempts to create while the key is taken and freed again by others. */
const mostAttempts = 5;

/**
 * A {@link Provider} over one table: each method one statement in autocommit mode, and another where that one was
 * refused. A row that is no record of ours (torn, or not UTF-8) is no session, but neither is its key free.
 */
export class MysqlStore implements Provider {
  readonly #statements: Statements;
  readonly #sql: Sql;
  readonly #now: () => number;
  readonly #packetLimit: number;

  /** `packetLimit` in bytes. */
  constructor(statements: Statements, sql: Sql, now: () => number, packetLimit: number) {
    this.#statements = statements;
    this.#sql = sql;
    this.#now = now;
    this.#packetLimit = packetLimit;
  }

  async read(key: string): Promise<SessionRecord | undefined> {
    return this.#find(encodeKey(key), this.#statements.deadline());
  }

  /** One statement, whatever their number: with more than it has room for, each is read by itself. */
  async readMany(keys: readonly string[]): Promise<readonly (SessionRecord | undefined)[]> {
    if (keys.length > mostKeys) return Promise.all(keys.map((key) => this.read(key)));
    const asked = keys.map(encodeKey);
    const [first] = asked;
    if (first === undefined) return [];
    const padded = Array.from({ length: mostKeys }, (_, index) => asked[index] ?? first);
    const isAsked = (row: Row) => asked.some((key) => isAbout(row, key));
    const rows = await this.#statements.rows(this.#sql.readMany, padded, this.#statements.deadline(), isAsked);
    return asked.map((key) => this.#live(rows.find((row) => isAbout(row, key))));
  }

  async create(key: string, record: SessionRecord): Promise<boolean> {
    const [until, bytes] = [this.#statements.deadline(), encodeKey(key)];
    const fields = encodeRecord(record, this.#packetLimit);
    for (let attempt = 0; attempt < mostAttempts; attempt++) {
      if (await this.#insert([bytes, ...fields], until)) return true;
      const now = this.#clock();
      if (await this.#statements.write(this.#sql.replaceExpired, [...fields, bytes, now], until)) return true;
      // Not inserted for what was there, not replaced: it lives, or gc has taken it in between, or it is this very record,
      // which expired before the create was sent again. Without FOUND_ROWS that one counts as not replaced, too.
      const [taken] = await this.#rowsAbout(bytes, this.#sql.findTaken, [bytes], until);
      if (taken !== undefined && Number(taken[1]) > now) return false;
      if (taken !== undefined && isVersion(taken[2], fields)) return true;
    }
    throw unavailable("mysql: the key was taken and freed again by others, time and again");
  }

  async update(key: string, record: SessionRecord, expected: string): Promise<Update> {
    const [until, bytes] = [this.#statements.deadline(), encodeKey(key)];
    const sql = record.retired === undefined ? this.#sql.updateToSession : this.#sql.updateToMarker;
    const fields = encodeRecord(record, this.#packetLimit);
    // The version is new with every batch: a row that matched has changed, and both ways to count agree.
    const values = [...fields, bytes, Buffer.from(expected), this.#clock()];
    if (await this.#statements.write(sql, values, until)) return { written: true };
    return { written: false, current: await this.#find(bytes, until) };
  }

  async touch(key: string, expiresAt: number, expected: string): Promise<boolean> {
    const [until, bytes, version] = [this.#statements.deadline(), encodeKey(key), Buffer.from(expected)];
    const [later, now] = [encodeTime(expiresAt), this.#clock()];
    if (await this.#statements.write(this.#sql.touch, [later, bytes, version, now], until)) return true;
    // Without FOUND_ROWS, 0 is also the number for a row that matched and was to stay as it is.
    const rows = await this.#rowsAbout(bytes, this.#sql.findTouched, [bytes, version, later, now], until);
    return rows.length > 0;
  }

  async count(): Promise<number> {
    const [row] = await this.#statements.rows(this.#sql.count, [this.#clock()], this.#statements.deadline());
    return Number(row?.[0]);
  }

  async gc(): Promise<number> {
    this.#statements.assertOpen();
    const before = this.#clock() - grace;
    let removed = 0;
    while (!this.#statements.closed) {
      const batch = await this.#statements.write(this.#sql.collect, [before], this.#statements.deadline());
      removed += batch;
      if (batch < gcBatch) break;
      await new Promise((resolve) => setTimeout(resolve, gcPause));
    }
    return removed;
  }

  close(): Promise<void> {
    return this.#statements.close();
  }

  async *keys(): AsyncGenerator<string> {
    const page = (last: Buffer) => this.#statements.rows(this.#sql.keys, [last], this.#statements.deadline());
    for await (const [key, expires, isSession] of this.#pages(page)) {
      if (Buffer.isBuffer(key) && Number(expires) > this.#now() && Number(isSession) === 1) yield key.toString("hex");
    }
  }

  /** Markers and what has expired included. */
  async *keysOf(owner: string): AsyncGenerator<string> {
    const bytes = short(owner);
    const belongs = ([, of]: Row) => Buffer.isBuffer(of) && of.equals(bytes);
    const page = (last: Buffer) =>
      this.#statements.rows(this.#sql.keysOf, [bytes, last], this.#statements.deadline(), belongs);
    for await (const [key] of this.#pages(page)) if (Buffer.isBuffer(key)) yield key.toString("hex");
  }

  /** Page by page in the order of the keys: what is there throughout is on one of them, whatever comes and goes. */
  async *#pages(page: (last: Buffer) => Promise<readonly Row[]>): AsyncGenerator<Row> {
    let last = Buffer.alloc(0);
    for (;;) {
      const rows = await page(last);
      for (const row of rows) {
        this.#statements.assertOpen();
        yield row;
      }
      const end = rows.at(-1)?.[0];
      if (rows.length < pageSize || !Buffer.isBuffer(end)) return;
      last = Buffer.from(end);
    }
  }

  #clock(): number {
    return Math.floor(this.#now());
  }

  async #insert(values: readonly (string | number | Buffer | null)[], until: Deadline): Promise<boolean> {
    try {
      return (await this.#statements.write(this.#sql.insert, values, until, isDuplicate)) === 1;
    } catch (error) {
      if (isDuplicate(error)) return false;
      throw error;
    }
  }

  async #find(key: Buffer, until: Deadline): Promise<SessionRecord | undefined> {
    const [row] = await this.#rowsAbout(key, this.#sql.read, [key], until);
    return this.#live(row);
  }

  #live(row: Row | undefined): SessionRecord | undefined {
    const record = row && decodeRecord(row);
    return record && record.expiresAt > this.#now() ? record : undefined;
  }

  /** Rows of one key: never another's, whatever the connection gives. */
  #rowsAbout(key: Buffer, sql: string, values: readonly (number | Buffer)[], until: Deadline): Promise<readonly Row[]> {
    return this.#statements.rows(sql, values, until, (row) => isAbout(row, key));
  }
}

function isVersion(found: unknown, [version]: StoredFields): boolean {
  return Buffer.isBuffer(found) && found.equals(version);
}

function isDuplicate(error: unknown): boolean {
  return numberOf(error) === 1062;
}
