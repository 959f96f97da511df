import { randomBytes } from "node:crypto";
import { describe, test } from "vitest";
import type { Provider, ProviderContext, SessionRecord } from "../../src/provider.js";

/** Milliseconds that a test may take on a busy machine. */
const patient = { timeout: 60_000 };

/** A server that tests may use. */
export interface AtUrl {
  readonly url: string;
  stop(): Promise<unknown>;
}

/** How the tests of one kind of server come to one. */
export interface ServerKind<S extends AtUrl> {
  readonly available: boolean;
  /** The one line that makes it available. */
  readonly howToEnable: string;
  /** The variable of the environment that may name one that is there. */
  readonly variable: string;
  start(): Promise<S>;
}

/**
 * Groups of tests that need a server. Where none can be started they are skipped by name, with the line that enables
 * them; under CI that is a failure.
 */
export function groupsFor<S extends AtUrl>(kind: ServerKind<S>) {
  /** Tests that start servers of their own. */
  function describeWithServer(name: string, body: () => void): void {
    if (kind.available) describe(name, patient, body);
    else if (process.env.CI === "true") {
      test(name, () => {
        throw new Error(kind.howToEnable);
      });
    } else test.skip(`${name} (to run it, ${kind.howToEnable})`);
  }

  /** Tests to which the server that the environment names is as good as their own. */
  function describeWithUrl(name: string, body: (start: () => Promise<AtUrl>) => void): void {
    const url = process.env[kind.variable];
    if (url) describe(name, patient, () => body(async () => ({ url, stop: async () => {} })));
    else describeWithServer(name, () => body(kind.start));
  }

  return { describeWithServer, describeWithUrl };
}

/** A clock that stands still until it is moved. It begins at real time, by which servers' own time-outs run. */
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

/** Creates records a hundred at a time: an operation's time in the queue counts, and the machine may be busy. */
export async function createAll(store: Provider, keys: readonly string[], record: SessionRecord): Promise<void> {
  for (let from = 0; from < keys.length; from += 100) {
    await Promise.all(keys.slice(from, from + 100).map((key) => store.create(key, record)));
  }
}
