import type { RedisClient, RedisNode } from "./client.js";
import type { Commands } from "./commands.js";
import { unavailable } from "./failure.js";
import { decodeHeader, type Header, headerLimit } from "./record.js";

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
  const before = clientPrefix(commands.client) + prefix;
  const pattern = `${escapeGlob(before)}[0-9a-f]*`;
  for (const node of nodesOf(commands.client)) {
    let cursor = "0";
    do {
      const at = cursor;
      const step = commands.send(
        () => node.scan(at, "MATCH", pattern, "COUNT", batchSize, "TYPE", "string"),
        commands.deadline(),
      );
      const [next, names] = await step;
      cursor = String(next);
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
  const values = keys.map((key) => commands.send((client) => client.getrange(prefix + key, 0, headerLimit - 1), until));
  return (await Promise.all(values)).map(decodeHeader);
}

function nodesOf(client: RedisClient): readonly RedisNode[] {
  if (client.nodes === undefined) return [client];
  const masters = client.nodes("master");
  if (masters.length === 0) throw unavailable("redis: no master of the cluster is known");
  return masters;
}

function clientPrefix(client: RedisClient): string {
  return client.options?.keyPrefix?.toString() ?? "";
}

function escapeGlob(text: string): string {
  return text.replace(/[\\*?[\]^]/g, "\\$&");
}
