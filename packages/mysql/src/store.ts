import type { Finding, Provider, SessionRecord, Update } from "@sess/core";
import type { Deadline } from "./deadline.js";
import { numberOf, unavailable } from "./failure.js";
import { decodeRecord, encodeKey, encodeRecord, encodeTime, isAbout, type StoredFields, short } from "./record.js";
import { gcBatch, mostKeys, pageSize, type Sql } from "./sql.js";
import type { Row, Statements } from "./statements.js";

/** How long an expired record is kept for processes whose clocks are behind, in milliseconds. */
const grace = 60_000;
/** Pause between two batches of gc, for other work, in milliseconds. */
const gcPause = 10;
/** Maximum number of attempts to create while others take and free the key. */
const mostAttempts = 5;

/**
 * A {@link Provider} over one table. Each method is one statement in autocommit mode, and a second one if the first was
 * refused. A row that is not a valid record (torn, or not UTF-8) is not a session, but its key is not free either.
 */
export class MysqlStore implements Provider {
  readonly #statements: Statements;
  readonly #sql: Sql;
  readonly #now: () => number;
  readonly #packetLimit: number;
  readonly diagnose: () => Promise<readonly Finding[]>;

  /** `packetLimit` in bytes. */
  constructor(
    statements: Statements,
    sql: Sql,
    now: () => number,
    packetLimit: number,
    diagnose: () => Promise<readonly Finding[]>,
  ) {
    this.diagnose = diagnose;
    this.#statements = statements;
    this.#sql = sql;
    this.#now = now;
    this.#packetLimit = packetLimit;
  }

  async read(key: string): Promise<SessionRecord | undefined> {
    return this.#find(encodeKey(key), this.#statements.deadline());
  }

  /** One statement for up to {@link mostKeys} keys; more keys are read one by one. */
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
      // The insert found a row, and the replacement did not apply. Either the row is live, or gc has removed it
      // meanwhile, or it is this very record, which expired before the create was sent again. Without FOUND_ROWS, that
      // last case also counts as not replaced.
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
    // The version is new with every batch, so a matched row always changes: the number of rows is the same with and
    // without FOUND_ROWS.
    const values = [...fields, bytes, Buffer.from(expected), this.#clock()];
    if (await this.#statements.write(sql, values, until)) return { written: true };
    return { written: false, current: await this.#find(bytes, until) };
  }

  async touch(key: string, expiresAt: number, expected: string): Promise<boolean> {
    const [until, bytes, version] = [this.#statements.deadline(), encodeKey(key), Buffer.from(expected)];
    const [later, now] = [encodeTime(expiresAt), this.#clock()];
    if (await this.#statements.write(this.#sql.touch, [later, bytes, version, now], until)) return true;
    // Without FOUND_ROWS, 0 also means that a row matched and did not change.
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

  /** Markers and expired records are included. */
  async *keysOf(owner: string): AsyncGenerator<string> {
    const bytes = short(owner);
    const belongs = ([, of]: Row) => Buffer.isBuffer(of) && of.equals(bytes);
    const page = (last: Buffer) =>
      this.#statements.rows(this.#sql.keysOf, [bytes, last], this.#statements.deadline(), belongs);
    for await (const [key] of this.#pages(page)) if (Buffer.isBuffer(key)) yield key.toString("hex");
  }

  /**
   * Lists page by page in the order of the keys, so that a row that exists throughout is always listed, whatever is
   * added or removed meanwhile.
   */
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

  /** The rows of one key. A row of another key is never returned, whatever the connection answers. */
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
