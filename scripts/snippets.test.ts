import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as mysql from "../packages/mysql/test/server.js";
import * as postgres from "../packages/postgres/test/server.js";
import { adminPool } from "../packages/postgres/test/support.js";
import * as redis from "../packages/redis/test/server.js";
import { markdownFiles, npmScripts, tsxFiles } from "./checks/markdown.js";
import { compile, readSnippets, type Written, write } from "./checks/snippets.js";

// Tests the Markdown files: TypeScript compiles and, if it can run alone, runs; commands exist.

const root = join(import.meta.dirname, "..");
const run = promisify(execFile);
const runner = join(import.meta.dirname, "checks", "run-snippet.mjs");
const snippets = await readSnippets();
let folder: string;
let written: Written[];

beforeAll(async () => {
  await mkdir(join(root, ".tmp"), { recursive: true });
  folder = await mkdtemp(join(root, ".tmp", "snippets-"));
  written = await write(
    snippets.filter(({ isGuides }) => !isGuides),
    folder,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("every TypeScript block compiles", { timeout: 240_000 }, async () => {
  expect(await compile(written, folder)).toBe("");
  const guides = snippets.length - written.length;
  console.log(`${snippets.length} TypeScript blocks found, ${guides} of them the guide's; ${written.length} compiled`);
  expect(guides).toBeGreaterThan(0);
  expect(written.length).toBeGreaterThan(25);
});

test("every TypeScript block that can run alone runs", { timeout: 300_000 }, async () => {
  const servers = await startServers();
  const faults: string[] = [];
  const left: string[] = [];
  let served = 0;
  const rest = [...written];
  async function work(): Promise<void> {
    for (let snippet = rest.shift(); snippet !== undefined; snippet = rest.shift()) {
      const where = `${snippet.source}:${snippet.line}`;
      const reason = whyNot(snippet, servers);
      if (reason !== undefined) left.push(`${where}: ${reason}`);
      else {
        const came = await start(snippet, servers).catch((error: Error) => error);
        if (came instanceof Error) faults.push(`${where}: ${came.message}`);
        else if (came) served += 1;
      }
    }
  }
  await Promise.all([work(), work()]).finally(() => servers.stop());
  const ran = written.length - left.length;
  console.log(
    `${ran} blocks ran, ${served} of them served requests; ${left.length} did not:\n${left.sort().join("\n")}`,
  );
  expect(faults).toEqual([]);
  expect(ran).toBeGreaterThan(20);
  expect(served).toBeGreaterThanOrEqual(8);
});

test("every script and file that a command runs is there", async () => {
  const faults: string[] = [];
  let commands = 0;
  for (const file of markdownFiles(root)) {
    const text = await readFile(join(root, file), "utf8");
    if (snippets.some(({ source, isGuides }) => source === file && isGuides)) continue;
    const scripts = { ...(await scriptsOf(root)), ...(await scriptsOf(packageOf(file))) };
    const named = npmScripts(text);
    const run = tsxFiles(text);
    commands += named.length + run.length;
    faults.push(...named.filter((name) => !(name in scripts)).map((name) => `${file}: no script ${name}`));
    faults.push(...run.filter((path) => !existsSync(join(root, path))).map((path) => `${file}: no file ${path}`));
  }
  expect(faults).toEqual([]);
  console.log(`${commands} commands found`);
  expect(commands).toBeGreaterThan(20);
});

async function scriptsOf(place: string): Promise<Record<string, string>> {
  const path = join(place, "package.json");
  return existsSync(path) ? (JSON.parse(await readFile(path, "utf8")).scripts ?? {}) : {};
}

/** The folder of the nearest manifest. */
function packageOf(file: string): string {
  let place = join(root, dirname(file));
  while (!existsSync(join(place, "package.json"))) place = dirname(place);
  return place;
}

/** As beego's README has it. */
const password = "astaxie";

/** Whether the snippet served requests. */
async function start({ path, text }: Written, servers: Servers): Promise<boolean> {
  const places = { ...servers.places, ...(text.includes(password) && servers.withPassword) };
  const args = ["--conditions=@sess/source", "--import", "tsx", runner, path, JSON.stringify(places)];
  const env = { ...process.env, SESS_KEY: randomBytes(32).toString("base64url"), NODE_TEST_CONTEXT: undefined };
  const { stdout } = await run(process.execPath, args, { cwd: folder, env, timeout: 60_000 });
  const said = /^served (\d+)$/m.exec(stdout);
  if (said === null) throw new Error(`did not come to its end: ${stdout}`);
  return said[1] !== "0";
}

interface Servers {
  /** Our port for each port that a snippet names. */
  readonly places: Record<string, number>;
  /** Used instead, for a snippet that names the password. */
  readonly withPassword: Record<string, number>;
  /** By the name of a provider: why there is no server for it. */
  readonly missing: Record<string, string>;
  stop(): Promise<unknown>;
}

/** The servers for the READMEs, with the users, passwords and databases named there. */
async function startServers(): Promise<Servers> {
  const missing: Record<string, string> = {};
  const places: Record<string, number> = {};
  const withPassword: Record<string, number> = {};
  const stops: (() => Promise<void>)[] = [];
  if (await redis.canStartRedis()) {
    const [open, guarded] = [await redis.startRedis(), await redis.startRedis("--requirepass", password)];
    places[6379] = open.port;
    withPassword[6379] = guarded.port;
    stops.push(
      () => open.stop(),
      () => guarded.stop(),
    );
  } else missing.redis = redis.howToEnable;
  if (await mysql.canStartMysql()) {
    const server = await mysql.startMysql();
    const statements = `CREATE DATABASE dbname; CREATE DATABASE shop; CREATE USER app; GRANT ALL ON shop.* TO app;
      CREATE USER username IDENTIFIED BY 'password'; GRANT ALL ON dbname.* TO username`;
    const client = ["--no-defaults", "--user=root", `--socket=${server.socketPath}`];
    await run("mariadb", [...client, `--execute=${statements}`]);
    places[3306] = server.port;
    stops.push(() => server.stop());
  } else missing.mysql = mysql.howToEnable;
  if (await postgres.canStartPostgres()) {
    const server = await postgres.startPostgres();
    const admin = adminPool(server.url);
    for (const role of ["username", "app"]) await admin.query(`CREATE ROLE ${role} SUPERUSER LOGIN`);
    for (const database of ["dbname", "shop"]) await admin.query(`CREATE DATABASE ${database}`);
    await admin.end();
    places[5432] = server.port;
    stops.push(() => server.stop());
  } else missing.postgres = postgres.howToEnable;
  if (process.env.CI) expect(missing).toEqual({});
  return { places, withPassword, missing, stop: () => Promise.all(stops.map((stop) => stop())) };
}

/** Why a snippet cannot run alone. */
function whyNot({ text }: Written, { missing }: Servers): string | undefined {
  if (!/^import (?!type )/m.test(text)) return "it has only types, and functions over them";
  if (/^declare function /m.test(text)) return "it calls what the reader is to write";
  if (text.includes("new Cluster(")) return "it needs a Redis Cluster";
  return Object.entries(missing).find(([name]) => text.includes(`"@sess/${name}`))?.[1];
}
