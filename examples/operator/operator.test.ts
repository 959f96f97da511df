import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createManager, type SessionData, type StoreManager } from "@sess/core";
import { file } from "@sess/file/provider";
import { redis } from "@sess/redis/provider";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore, type Store } from "../../torture/processes/stores.js";

// The operator as it is typed, in a process of its own, beside an application on the same store.

async function operate(...args: readonly string[]): Promise<string> {
  const cwd = fileURLToPath(new URL(".", import.meta.url));
  const options = ["--import", "tsx", "--conditions=@sess/source", "operator.ts", ...args];
  return (await promisify(execFile)(process.execPath, options, { cwd })).stdout.trim();
}

async function signIn(sessions: StoreManager<SessionData>, user: string): Promise<string> {
  const response = await sessions.handle(new Request("http://localhost/"), async (session) => {
    session.set("user", user);
    session.owner = user;
    await session.release();
    return new Response(session.id);
  });
  return response.text();
}

describe.each([
  { provider: "file", connector: file },
  { provider: "redis", connector: redis },
])("examples/operator over $provider", ({ provider, connector }) => {
  let store: Store | undefined;
  let reason = "";
  beforeAll(async () => {
    store = await openStore(provider, (line) => {
      reason = line;
    });
    if (process.env.CI) expect(reason).toBe("");
  }, 60_000);
  afterAll(() => store?.stop());

  test("counts, lists, signs an owner out, and collects", { timeout: 60_000 }, async (context) => {
    if (store === undefined) return context.skip(reason);
    const config = String(store.config);
    const open = (now: () => number) => createManager(connector(config), { cookieName: "gosessionid", now });
    const sessions = await open(Date.now);
    const [phone, laptop] = [await signIn(sessions, "ada"), await signIn(sessions, "ada")];
    const eve = await signIn(sessions, "eve");
    const past = await open(() => Date.now() - 86_400_000);
    await signIn(past, "ada");

    const here = ["--cookie", "gosessionid"];
    expect(await operate(provider, config, "count")).toBe("3 sessions");
    expect(await operate(provider, config, "list", "ada", ...here)).toMatch(
      /^(begun \S+Z, stored \S+Z\n){2}2 sessions$/,
    );
    expect(await operate(provider, config, "list", "ada")).toBe("0 sessions");
    // Redis collects by itself what has expired.
    expect(await operate(provider, config, "gc")).toBe(`${provider === "file" ? 1 : 0} records collected`);
    expect(await operate(provider, config, "revoke", "ada", ...here)).toBe("2 sessions ended");
    expect(await Promise.all([phone, laptop, eve].map((id) => sessions.exists(id)))).toEqual([false, false, true]);
    await expect(operate(provider, config, "destroy", "eve")).rejects.toThrow("usage: operator.ts");
    expect(await operate(provider, config, "count")).toBe("1 sessions");
    await Promise.all([sessions.close(), past.close()]);
  });
});
