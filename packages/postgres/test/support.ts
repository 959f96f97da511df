import { randomBytes } from "node:crypto";
import type { Provider, ProviderContext, SessionRecord } from "@sess/core";
import { Pool } from "pg";
import { describe, test } from "vitest";
import { canStartPostgres, howToEnable, type PrivatePostgres, startPostgres } from "./server.js";

const available = await canStartPostgres();
/** Milliseconds that a test may take on a busy machine. */
const patient = { timeout: 60_000 };

/**
 * A group of tests that start servers of their own. Where none can be started it is skipped by name, with the line that
 * enables it; under CI that is a failure.
 */
export function describeWithServer(name: string, body: () => void): void {
  if (available) describe(name, patient, body);
  else if (process.env.CI === "true") {
    test(name, () => {
      throw new Error(howToEnable);
    });
  } else test.skip(`${name} (to run it, ${howToEnable})`);
}

/** As {@link describeWithServer}, for tests to which the server that SESS_POSTGRES_URL names is as good as their own. */
export function describeWithUrl(
  name: string,
  body: (server: () => Promise<Pick<PrivatePostgres, "url" | "stop">>) => void,
) {
  const url = process.env.SESS_POSTGRES_URL;
  if (url) describe(name, patient, () => body(async () => ({ url, stop: async () => {} })));
  else describeWithServer(name, () => body(startPostgres));
}

/** A clock that stands still until it is moved. */
export class Clock implements ProviderContext {
  readonly contract = 1;
  #time = Date.now();
  readonly now = (): number => this.#time;
  advance(ms: number): void {
    this.#time += ms;
  }
}

/** A key such as core makes. */
export function newKey(): string {
  return randomBytes(32).toString("hex");
}

/** A record that lives for a minute from `now`, with a version of its own. */
export function newRecord(now: number, fields: Partial<SessionRecord> = {}): SessionRecord {
  return { data: '{"user":"ada"}', version: randomBytes(16).toString("hex"), expiresAt: now + 60_000, ...fields };
}

/** The name of a table that nothing else uses. */
export function newTable(): string {
  return `t_${randomBytes(6).toString("hex")}`;
}

/** Everything that an iterable yields. */
export async function all(keys: AsyncIterable<string> | undefined): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys ?? []) found.push(key);
  return found;
}

/** A pool for what the tests do themselves. */
export function adminPool(url: string): Pool {
  const pool = new Pool({ connectionString: url });
  pool.on("error", () => {});
  return pool;
}

/** Creates records a hundred at a time: an operation's time in the queue counts, and the machine may be busy. */
export async function createAll(store: Provider, keys: readonly string[], record: SessionRecord): Promise<void> {
  for (let from = 0; from < keys.length; from += 100) {
    await Promise.all(keys.slice(from, from + 100).map((key) => store.create(key, record)));
  }
}

/** How many connections of clients the server has, this one not counted. */
export async function connectionsOf(admin: Pool): Promise<number> {
  const { rows } = await admin.query(
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
  );
  return rows[0].n;
}
