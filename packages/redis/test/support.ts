import { randomBytes } from "node:crypto";
import type { ProviderContext, SessionRecord } from "@sess/core";
import { describe, test, vi } from "vitest";
import { canStartRedis, howToEnable, type PrivateRedis, startRedis } from "./server.js";

// Generous, for machines that many share: every wait in these tests has a bound of its own.
vi.setConfig({ testTimeout: 30_000 });

const available = await canStartRedis();

/**
 * A group of tests that start servers of their own. Where none can be started it is skipped by name, with the line that
 * enables it; under CI that is a failure.
 */
export function describeWithServer(name: string, body: () => void): void {
  if (available) describe(name, body);
  else if (process.env.CI === "true") {
    test(name, () => {
      throw new Error(howToEnable);
    });
  } else test.skip(`${name} (to run it, ${howToEnable})`);
}

/** As {@link describeWithServer}, for tests to which the server that SESS_REDIS_URL names is as good as their own. */
export function describeWithUrl(
  name: string,
  body: (server: () => Promise<Pick<PrivateRedis, "url" | "stop">>) => void,
) {
  const url = process.env.SESS_REDIS_URL;
  if (url) describe(name, () => body(async () => ({ url, stop: async () => {} })));
  else describeWithServer(name, () => body(startRedis));
}

/** A clock that stands still until it is moved. It begins at real time, as the server's TTLs run by that. */
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

/** Everything that an iterable yields. */
export async function all(keys: AsyncIterable<string> | undefined): Promise<string[]> {
  const found: string[] = [];
  for await (const key of keys ?? []) found.push(key);
  return found;
}
