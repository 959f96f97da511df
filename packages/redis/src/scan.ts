import type { Commands } from "./commands.js";
import type { Scan } from "./driver.js";
import { unavailable } from "./failure.js";
import { decodeHeader, type Header, headerLimit, textOf } from "./record.js";

/** Names requested at a time: the server needs a few milliseconds for them. */
const batchSize = 500;
/** The name of a record after the prefix. Index names, and names under a longer prefix, do not match. */
const keyShape = /^[0-9a-f]{64}$/;

/**
 * The keys of all records under a prefix, in batches, expired ones included. Walks the whole database with SCAN, on
 * every master of a cluster, so the cost grows with the total number of keys in it. A record that exists throughout is
 * listed at least once.
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

/** The headers of records in the order of their keys; undefined when there is no record of ours. */
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

/** The answer of SCAN; undefined for anything else, which belongs to another command. */
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
