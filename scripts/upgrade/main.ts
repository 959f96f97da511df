/**
 * An application is upgraded from the release before to this one, with people signed in: `npm run check:upgrade --
 * <folder>`, where the folder holds the tarballs of the release before. For each provider that has one: two processes of
 * the old release, one of each side by side, two of the new one, under load throughout. Run the build first.
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { pack } from "../checks/tarball.js";
import { stores } from "../consumers/stores.js";
import { Site } from "./site.js";
import { type Findings, User } from "./user.js";

const run = promisify(execFile);
const root = join(import.meta.dirname, "..", "..");
const [before] = process.argv.slice(2);
const users = 60;
/** Milliseconds of each of the three phases. */
const stretch = 8000;
/** The providers to test; the cookie's sessions are not in a store. */
const stored = ["file", "redis", "mysql", "postgres"];

async function install(folder: string, tarballs: readonly string[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "application", private: true }));
  const options = ["--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline"];
  await run("npm", ["install", ...options, ...tarballs, "ioredis@6.0.0"], { cwd: folder });
  return folder;
}

/** Has everybody use the site until `over`. */
async function load(everybody: readonly User[], over: () => boolean): Promise<void> {
  await Promise.all(
    everybody.map(async (user) => {
      while (!over()) await user.use();
    }),
  );
}

async function upgrade(provider: string, json: string, from: string, to: string): Promise<Findings> {
  const findings: Findings = { requests: 0, wrong: [], signedOut: [], refused: 0 };
  const site = new Site();
  const [old, next] = [from, to].map((folder) => ({ folder, provider, json }));
  if (old === undefined || next === undefined) throw new Error("no release");
  await site.start(old);
  await site.start(old);
  const everybody = Array.from({ length: users }, (_, n) => new User(`user${n}`, site, findings));
  await Promise.all(everybody.map((user) => user.signIn()));
  let over = false;
  const loading = load(everybody, () => over);
  for (let n = 0; n < 2; n++) {
    await new Promise((go) => setTimeout(go, stretch));
    await site.start(next);
    await site.endOldest();
  }
  await new Promise((go) => setTimeout(go, stretch));
  over = true;
  await loading;
  for (const [n, user] of everybody.entries()) await user.signOut(n % 2 === 0);
  await site.stop();
  return findings;
}

if (before === undefined) {
  console.error("say where the tarballs of the release before are");
  process.exit(2);
}
const work = await mkdtemp(join(tmpdir(), "sess-upgrade-"));
let failed = false;
try {
  const names = (await readdir(before)).filter((name) => name.endsWith(".tgz"));
  const isIn = (each: string) => names.some((name) => name.startsWith(`sess-${each}-`));
  const providers = stored.filter(isIn);
  const wanted = names.filter((name) => ["core", ...providers].some((each) => name.startsWith(`sess-${each}-`)));
  const from = await install(
    join(work, "before"),
    wanted.map((name) => resolve(before, name)),
  );
  const packed = [];
  for (const name of ["core", ...providers]) packed.push(await pack(join(root, "packages", name), work));
  const to = await install(join(work, "after"), packed);
  console.log("| provider | requests | wrong data | signed out | refused |\n|---|---|---|---|---|");
  for (const provider of providers) {
    const store = await stores[provider]?.();
    if (store === undefined) throw new Error(`no store for ${provider}`);
    const json = JSON.stringify({ ...JSON.parse(store.json), cookieName: "sessionid" });
    const { requests, wrong, signedOut, refused } = await upgrade(provider, json, from, to);
    await store.stop();
    console.log(`| ${provider} | ${requests} | ${wrong.length} | ${signedOut.length} | ${refused} |`);
    for (const fault of [...wrong, ...signedOut].slice(0, 10)) console.error(fault);
    failed ||= wrong.length + signedOut.length > 0;
  }
  for (const name of stored.filter((each) => !isIn(each))) console.log(`| ${name} | not in the release before | | | |`);
} finally {
  await rm(work, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
