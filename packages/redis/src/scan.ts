import type { Commands } from "./commands.js";
import type { Scan } from "./driver.js";
import { unavailable } from "./failure.js";
import { decodeHeader, type Header, headerLimit, textOf } from "./record.js";

/** Names asked for at a time: a few milliseconds of the server's. */
const batchSize = 500;
/** A record's name after the prefix. Indexes of owners and records of a longer prefix look different. */
const keyShape = /^[0-9a-f]{64}$/;

/**
 * The keys of all records under a prefix, in batches, expired ones included. Walks the whole database with SCAN, on
 * every master of a cluster: the cost grows with the number of keys there, whoever owns them. A record that is there
 * throughout comes at least once.
 */
export async function* scanKeys(commands: Commands, prefix: string): AsyncGenerator<readonly string[]> {
  const before = commands.keyPrefix + prefix;
  const pattern = `${escapeGlob(before)}[0-9a-f]*`;
  for (const scan of await mastersOf(commands)) {
    let cursor = "0";
    do {
      const at = cursor;
      const step = await commands.send(() => scan(at, pattern, batchSize), commands.deadline());
      const { next, names } = stepOf(step) ?? raise(commands.distrusted());
      cursor = next;
      yield names.map((name) => name.slice(before.length)).filter((key) => keyShape.test(key));
    } while (cursor !== "0");
  }
}

/** The headers of records, in the order of their keys; undefined where there is none of ours. */
export async function readHeaders(
  commands: Commands,
  prefix: string,
  keys: readonly string[],
): Promise<(Header | undefined)[]> {
  const until = commands.deadline();
  const values = keys.map((key) => commands.send((driver) => driver.getrange(prefix + key, 0, headerLimit - 1), until));
  return (await Promise.all(values)).map((value) => decodeHeader(textOf(value) ?? raise(commands.distrusted())));
}

async function mastersOf(commands: Commands): Promise<readonly Scan[]> {
  const masters = await commands.send((driver) => driver.masters(), commands.deadline());
  if (masters.length === 0) throw unavailable("redis: no master of the cluster is known");
  return masters;
}

/** What SCAN answers; undefined for anything else, which is another command's answer. */
function stepOf(answer: unknown): { readonly next: string; readonly names: readonly string[] } | undefined {
  const [next, names]: unknown[] = Array.isArray(answer) ? answer : [];
  if (!/^\d+$/.test(String(next)) || !Array.isArray(names)) return undefined;
  return { next: String(next), names: names.map(String) };
}

function raise(error: Error): never {
  throw error;
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^]/g, "\\$&");
}
