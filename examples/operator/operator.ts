/**
 * Looks after the sessions of a store:
 *
 * ```sh
 * npx tsx examples/operator/operator.ts file ./sessions count
 * npx tsx examples/operator/operator.ts redis 127.0.0.1:6379 list ada --cookie gosessionid
 * npx tsx examples/operator/operator.ts redis 127.0.0.1:6379 revoke ada --cookie gosessionid
 * npx tsx examples/operator/operator.ts file ./sessions gc
 * ```
 *
 * The second argument is the application's `providerConfig`; `--cookie` its `cookieName`, or its `namespace` where it
 * has one: an owner is known by a hash that differs from namespace to namespace. Run the build before.
 */
import { parseArgs } from "node:util";
import { createManager, type SessionData, type StoreManager } from "@sess/core";
import "@sess/file";
import "@sess/redis";

const usage = "usage: operator.ts file|redis CONFIG (count | list OWNER | revoke OWNER | gc) [--cookie NAME]";

/** Shows that something is under way, where somebody is looking. */
async function withBar<T>(work: Promise<T>): Promise<T> {
  const begun = performance.now();
  const draw = () => {
    const seconds = (performance.now() - begun) / 1000;
    const bar = "###".padStart(3 + (Math.floor(seconds * 10) % 28)).padEnd(30);
    process.stderr.write(`\r[${bar}] ${seconds.toFixed(1)} s `);
  };
  const timer = process.stderr.isTTY ? setInterval(draw, 100) : undefined;
  return work.finally(() => {
    clearInterval(timer);
    if (timer !== undefined) process.stderr.write("\r\x1b[K");
  });
}

async function run(sessions: StoreManager<SessionData>, command: string, owner: string | undefined): Promise<string> {
  if (command === "count") return `${await sessions.count()} sessions`;
  if (command === "gc") return `${await withBar(sessions.gc())} records collected`;
  if (owner === undefined) throw new Error(usage);
  if (command === "revoke") return `${await withBar(sessions.destroyOwned(owner))} sessions ended`;
  if (command !== "list") throw new Error(usage);
  const owned = await sessions.listOwned(owner);
  const lines = owned.map(({ created, saved }) => `begun ${created.toISOString()}, stored ${saved.toISOString()}`);
  return [...lines, `${owned.length} sessions`].join("\n");
}

const { positionals, values } = parseArgs({ allowPositionals: true, options: { cookie: { type: "string" } } });
const [provider = "", providerConfig = "", command = "", owner] = positionals;
try {
  const sessions = await createManager(provider, JSON.stringify({ cookieName: values.cookie, providerConfig }));
  console.log(await run(sessions, command, owner).finally(() => sessions.close()));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
