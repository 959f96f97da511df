/**
 * Which mutations of a provider its conformance kit notices, by itself, without any other test:
 * `npx tsx torture/mutation/main.ts memory|redis`. Fails when the survivors are not those of `survivors-<name>.md`.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startRedis } from "../../packages/redis/test/server.js";
import { runKitOnLua } from "./kit-on-lua.js";
import { mutate } from "./mutants.js";
import { byReason, table } from "./report.js";
import { type Subject, subjects } from "./subjects.js";
import { differences, luaLines, parseList, survivorLines } from "./survivors.js";

const subject = subjects.find(({ name }) => name === process.argv[2]);
if (subject === undefined) throw new Error(`which one? ${subjects.map(({ name }) => name).join(" or ")}`);
process.chdir(join(import.meta.dirname, "../.."));
process.exitCode = (await check(subject)) ? 0 : 1;

async function check(subject: Subject): Promise<boolean> {
  const server = subject.lua ? await startRedis() : undefined;
  if (server !== undefined) process.env.SESS_REDIS_URL = server.url;
  try {
    const mutants = await mutate(subject);
    const killed = subject.lua ? await runKitOnLua() : [];
    const survivors = survivorLines(mutants, subject.folder, (path) => readFileSync(path, "utf8"));
    for (const line of luaLines(killed)) survivors.set(line, 1);
    const list = parseList(readFileSync(join(import.meta.dirname, `survivors-${subject.name}.md`), "utf8"));
    const wrong = differences(survivors, list);
    for (const line of [...table(mutants, killed), ...byReason(survivors, list), ...wrong]) console.log(line);
    return wrong.length === 0;
  } finally {
    await server?.stop();
  }
}
