import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createManager } from "../packages/core/src/index.js";
import { signInAs } from "../packages/core/test-support/handlers.js";
import { file } from "../packages/file/src/provider.js";
import { mysql } from "../packages/mysql/src/provider.js";
import { postgres } from "../packages/postgres/src/provider.js";
import { redis } from "../packages/redis/src/provider.js";
import { openStore, type Store } from "../torture/processes/stores.js";

// `sess` as users run it, in its own process, with an application on the same store.

const root = join(import.meta.dirname, "..");
const command = join(root, "packages", "core", "src", "cli", "main.ts");

interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs in the folder of the provider's package, which resolves its own name as an application does. */
async function sess(provider: string, ...args: readonly string[]): Promise<Result> {
  const cwd = join(root, "packages", provider);
  const tsx = join(root, "node_modules", "tsx", "dist", "loader.mjs");
  const options = ["--import", tsx, "--conditions=@sess/source", command, ...args];
  return promisify(execFile)(process.execPath, options, { cwd }).then(
    (done) => ({ code: 0, ...done }),
    (failed: Result) => failed,
  );
}

const connectors = { file, redis, mysql, postgres };
const looksAt = [
  { provider: "file", subjects: ["directory", "space", "durability"] },
  { provider: "redis", subjects: ["server", "eviction", "TLS", "clock"] },
  { provider: "mysql", subjects: ["server", "table", "indexes", "TLS", "clock"] },
  { provider: "postgres", subjects: ["server", "indexes", "TLS", "clock"] },
] as const;

describe.each(looksAt)("sess over $provider", ({ provider, subjects }) => {
  let store: Store | undefined;
  let reason = "";
  beforeAll(async () => {
    store = await openStore(provider, (line) => {
      reason = line;
    });
    if (process.env.CI) expect(reason).toBe("");
  }, 60_000);
  afterAll(() => store?.stop());

  test("counts, lists, ends one session and all of an owner, and collects", { timeout: 120_000 }, async (context) => {
    if (store === undefined) return context.skip(reason);
    const connect = connectors[provider];
    const open = (now: () => number) => createManager(connect(String(store?.config)), { namespace: "shop", now });
    const sessions = await open(Date.now);
    const [phone, laptop] = [await signInAs(sessions, "ada"), await signInAs(sessions, "ada")];
    const eve = await signInAs(sessions, "eve");
    const past = await open(() => Date.now() - 86_400_000);
    await signInAs(past, "ada");

    const config = JSON.stringify({ providerConfig: store.config, namespace: "shop" });
    const all: string[] = [];
    const says = async (...args: readonly string[]) => {
      const { code, stdout, stderr } = await sess(provider, ...args, "-p", provider, "-c", config);
      expect([code, stderr]).toEqual([0, ""]);
      all.push(stdout);
      return stdout;
    };
    expect(await says("count")).toBe("3 sessions\n");
    // Redis removes by itself what has expired.
    expect(await says("gc")).toBe(provider === "redis" ? "0 expired records removed\n" : "1 expired record removed\n");
    expect(await says("list", "ada")).toMatch(/2 sessions of this owner\n$/);
    const [first] = JSON.parse(await says("list", "ada", "--json")).sessions as { handle: string }[];
    expect(await says("revoke", "ada", "--handle", first?.handle ?? "")).toBe("1 session ended\n");
    expect(await says("revoke", "ada")).toBe("1 session ended\n");
    expect(await Promise.all([phone, laptop, eve].map((id) => sessions.exists(id)))).toEqual([false, false, true]);
    for (const secret of [phone, laptop, eve, "swordfish", "secretField"]) expect(all.join()).not.toContain(secret);
    await Promise.all([sessions.close(), past.close()]);
  });

  test("doctor looks at the store and finds no problem; the probe is no session", {
    timeout: 60_000,
  }, async (context) => {
    if (store === undefined) return context.skip(reason);
    const config = JSON.stringify({ providerConfig: store.config });
    const before = await sess(provider, "count", "-p", provider, "-c", config);
    const { stdout, stderr } = await sess(provider, "doctor", "--json", "-p", provider, "-c", config);
    expect(stderr).toBe("");
    const { findings } = JSON.parse(stdout) as { findings: { subject: string; state: string; text: string }[] };
    const found = findings.map(({ subject }) => subject);
    expect(found).toEqual([...subjects, "permissions", "round trip", "cookie", "secure", "lifetime"]);
    // Findings that depend on this machine's load or disk are not checked.
    const judged = findings.filter(({ subject }) => !["space", "round trip"].includes(subject));
    expect(judged.filter(({ state }) => state === "problem")).toEqual([]);
    // Whether a proxy terminates TLS is the only thing that cannot be found out here.
    expect(judged.filter(({ state }) => state === "unknown").map(({ subject }) => subject)).toEqual(["secure"]);
    expect((await sess(provider, "count", "-p", provider, "-c", config)).stdout).toBe(before.stdout);
  });
});
