import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { signInAs } from "../../test-support/handlers.js";
import { createManager, memory } from "../index.js";
import { withProgress } from "./progress.js";
import { run } from "./run.js";

// From the arguments to the exit code, in this process. What is loaded is a module, as an operator's is.

let folder: string;
const shared = globalThis as { sessTest?: unknown };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sess-cli-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

/** A module with this text; `value` is what it finds as `globalThis.sessTest`. */
async function module(text: string, value?: unknown): Promise<string> {
  shared.sessTest = value;
  const path = join(folder, `${Math.random().toString(36).slice(2)}.mjs`);
  await writeFile(path, text);
  return path;
}

async function sess(...args: readonly string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const streams = {
    out: { write: (text: string) => out.push(text) },
    err: { write: (text: string) => err.push(text) },
  };
  const code = await run(args, streams, async () => "1.2.3");
  return { code, out: out.join(""), err: err.join("") };
}

describe("sess", () => {
  test("counts, lists, revokes one and all, and collects; and prints no id and no value", async () => {
    const store = memory();
    const sessions = await createManager(store, { cookieName: "shop" });
    const [phone] = [await signInAs(sessions, "ada"), await signInAs(sessions, "ada"), await signInAs(sessions, "eve")];
    const config = await module('export default [globalThis.sessTest, { cookieName: "shop" }];', store);
    const all: string[] = [];
    const says = async (...args: readonly string[]) => {
      const { code, out, err } = await sess(...args, "--config", config);
      expect([code, err]).toEqual([0, ""]);
      all.push(out);
      return out;
    };
    expect(await says("count")).toBe("3 sessions\n");
    expect(await says("list", "ada")).toMatch(
      /^([\w-]{22} {2}since \S+Z {2}stored \S+Z\n){2}2 sessions of this owner\n$/,
    );
    const [{ handle }] = JSON.parse(await says("list", "ada", "--json")).sessions as [{ handle: string }];
    expect(await says("revoke", "ada", "--handle", handle)).toBe("1 session ended\n");
    expect(await says("revoke", "ada", "--handle", handle)).toBe("0 sessions ended\n");
    expect(JSON.parse(await says("revoke", "ada", "--json"))).toEqual({ ended: 1 });
    expect(await says("list", "ada")).toBe("0 sessions of this owner\n");
    expect(await says("gc")).toBe("0 expired records removed\n");
    expect(await says("count")).toBe("1 session\n");
    expect(await sessions.exists(phone)).toBe(false);
    for (const secret of [phone, "swordfish", "secretField"]) expect(all.join()).not.toContain(secret);
    await sessions.close();
  });

  test("of another namespace it finds nothing, and with the right one everything", async () => {
    const store = memory();
    const sessions = await createManager(store, { namespace: "shop" });
    await signInAs(sessions, "ada");
    const config = await module("export const sessions = [globalThis.sessTest];", store);
    expect((await sess("list", "ada", "-c", config)).out).toBe("0 sessions of this owner\n");
    expect((await sess("list", "ada", "-c", config, "-n", "shop")).out).toMatch(/1 session of this owner/);
    await sessions.close();
  });

  test("a module may export a Manager, which is closed afterwards, or a promise of one", async () => {
    for (const text of [
      "export default globalThis.sessTest;",
      "export const manager = Promise.resolve(globalThis.sessTest);",
    ]) {
      const sessions = await createManager("memory");
      const config = await module(text, sessions);
      expect((await sess("count", "-c", config)).out).toBe("0 sessions\n");
      await expect(sessions.count()).rejects.toMatchObject({ code: "SESS_CLOSED" });
      expect((await sess("count", "-c", config, "-n", "x")).code).toBe(2);
    }
  });

  test("a provider with its configuration as JSON, from the command line or from the environment", async () => {
    expect(await sess("count", "-p", "memory")).toEqual({ code: 0, out: "0 sessions\n", err: "" });
    const config = '{"providerConfig":{"maxSessions":0}}';
    const wrong = await sess("count", "-p", "memory", "-c", config);
    expect([wrong.code, wrong.err]).toEqual([2, "sess: SESS_CONFIG: maxSessions must be an integer of at least 1\n"]);
    vi.stubEnv("SESS_CONFIG", config);
    expect((await sess("count", "-p", "memory")).code).toBe(2);
    expect((await sess("count", "-p", "memory", "-c", "{}")).code).toBe(0);
  });

  test("doctor lists what it checked, and its exit code says whether there is a problem", async () => {
    const fine = await sess("doctor", "-p", "memory", "-c", '{"trustProxy":1,"absoluteLifetime":3600}');
    expect(fine.code).toBe(0);
    expect(fine.out).toMatch(/^ok +permissions +a record was created, replaced, touched and read$/m);
    expect(fine.out).toMatch(/^ok +round trip +[\d.]+ ms median, [\d.]+ ms slowest of 9 reads$/m);
    expect(fine.out).toMatch(/^ok +cookie +sessionid; Path=\/; HttpOnly; SameSite=lax$/m);
    expect(fine.out).toMatch(/^ok +secure +Secure behind a proxy that says X-Forwarded-Proto: https$/m);
    expect(fine.out).not.toMatch(/warning|PROBLEM/);
    const config = await module(
      'export default ["memory", { trustProxy: (address) => address === "10.0.0.1", httpOnly: false }];',
    );
    expect((await sess("doctor", "-c", config)).out).toMatch(/^unknown +secure +trustProxy is a function/m);
    const trusted = await sess("doctor", "-c", config, "--peer", "10.0.0.1");
    expect([trusted.code, trusted.out.match(/warning/g)?.length]).toEqual([0, 2]);
    const other = await sess("doctor", "-c", config, "--peer", "10.0.0.2", "--json");
    expect(other.code).toBe(1);
    expect(JSON.parse(other.out).findings).toContainEqual({
      subject: "secure",
      state: "problem",
      text: "not Secure behind the proxy 10.0.0.2 that says X-Forwarded-Proto: https",
    });
  });

  test("doctor of a store that is down, and of one without an index of owners", async () => {
    const inner = await memory().connect({ now: Date.now, contract: 1 });
    const { read, create, update, touch, count, gc, close } = inner;
    const plain = Object.fromEntries(
      Object.entries({ read, create, update, touch, count, gc, close }).map(([name, method]) => [
        name,
        method.bind(inner),
      ]),
    );
    const config = await module("export default [globalThis.sessTest, {}];", {
      kind: "store",
      name: "plain",
      connect: async () => plain,
    });
    expect((await sess("doctor", "-c", config)).out).toMatch(/^warning +owners +the provider has no index of owners/m);
    plain.create = async () => {
      throw new Error("permission denied for table sessions");
    };
    const down = await sess("doctor", "-c", config);
    expect(down.code).toBe(1);
    expect(down.out).toMatch(
      /^PROBLEM +permissions +SESS_UNAVAILABLE: the session store failed to create: permission denied/m,
    );
  }, 20_000);

  test.each([
    [["count"], "say which sessions"],
    [["count", "-p", "nobody"], "@sess/nobody is not installed here: npm install @sess/nobody"],
    [["count", "-p", "nobody/else"], "nobody/else is not installed here"],
    [["count", "-c", "./nowhere.js"], "./nowhere.js cannot be loaded"],
    [["count", "-p", "memory", "-c", "./nowhere.js"], "--provider goes with a configuration in JSON"],
    [["count", "-p", "memory", "-c", "{secret"], "the configuration begins with { and is not JSON (sess --help)\n"],
    [["frobnicate"], "there is no command"],
  ])("%j: a mistake is a line on stderr, and 2", async (args, message) => {
    const { code, out, err } = await sess(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^sess: .*\n$/);
    expect(err).toContain(message);
    expect(err).not.toContain("secret");
  });

  test("a module that exports nothing of ours is a mistake", async () => {
    const config = await module("export default 7;");
    expect((await sess("count", "-c", config)).err).toContain("exports neither a Manager nor the arguments");
  });

  test("--help and --version", async () => {
    expect(await sess("--version")).toEqual({ code: 0, out: "1.2.3\n", err: "" });
    const { code, out } = await sess("--help");
    expect(code).toBe(0);
    for (const word of ["count", "list", "revoke", "gc", "doctor", "--json", "--config", "Exit codes"]) {
      expect(out).toContain(word);
    }
    expect(out.split("\n").every((line) => line.length <= 80)).toBe(true);
  });

  test("what a store fails with is 1, with its code and cause", async () => {
    const connector = { kind: "store", name: "dead", connect: () => Promise.reject(new Error("connection refused")) };
    const config = await module("export default [globalThis.sessTest];", connector);
    expect(await sess("count", "-c", config)).toEqual({ code: 1, out: "", err: "sess: connection refused\n" });
  });
});

describe("progress", () => {
  function terminal(isTTY: boolean) {
    const written: string[] = [];
    return { isTTY, columns: 60, written, write: (text: string) => written.push(text) };
  }

  test("on a terminal, long work shows its progress and its results, and cleans up", async () => {
    vi.useFakeTimers();
    const screen = terminal(true);
    const sessions = await createManager(memory());
    await signInAs(sessions, "ada");
    const work = withProgress("revoking", screen, async () => {
      await sessions.destroyOwned("ada");
      await new Promise((resolve) => setTimeout(resolve, 1000));
      return "done";
    });
    await vi.advanceTimersByTimeAsync(1000);
    expect(await work).toBe("done");
    expect(screen.written.length).toBeGreaterThan(4);
    expect(screen.written.at(-2)).toMatch(/^\r\u001b\[2K\[ *=== *\] revoking \d\.\d s, 1 ended$/);
    expect(screen.written.at(-1)).toBe("\r\u001b[2K");
    const before = screen.written.length;
    await vi.advanceTimersByTimeAsync(1000);
    expect(screen.written.length).toBe(before);
    await sessions.close();
  });

  test("elsewhere, and where it is quick, it shows nothing", async () => {
    vi.useFakeTimers();
    for (const [isTTY, took] of [
      [false, 1000],
      [true, 300],
    ] as const) {
      const screen = terminal(isTTY);
      const work = withProgress("counting", screen, () => new Promise((resolve) => setTimeout(resolve, took)));
      await vi.advanceTimersByTimeAsync(took);
      await work;
      expect(screen.written).toEqual([]);
    }
  });
});
