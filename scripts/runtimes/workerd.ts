/**
 * The edges under workerd, the runtime of Cloudflare Workers. Its binary comes from npm and serves `worker.mjs`; this
 * asks, and exchanges sealed cookies with a Manager in Node.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { cookie } from "../../packages/cookie/dist/provider.js";
import { createManager } from "../../packages/core/dist/index.js";
import { freePort } from "../../packages/core/test-support/free-port.js";
import { installFromNpm } from "../from-npm.js";

export const version = "1.20261117.1";
/** From here on, Node's modules are there without a flag. */
const compatibilityDate = "2026-08-04";

interface Answer {
  readonly status: number;
  /** What a browser would send back; "" if it is to forget the cookie. */
  readonly cookie: string | undefined;
  readonly said: string;
}
type Ask = (path: string, cookie?: string) => Promise<Answer>;

async function answerOf(response: Response): Promise<Answer> {
  const [pair = "", ...attributes] = response.headers.getSetCookie()[0]?.split("; ") ?? [];
  const kept = attributes.includes("Max-Age=0") ? "" : pair;
  return { status: response.status, cookie: attributes.length === 0 ? undefined : kept, said: await response.text() };
}

const nobody = JSON.stringify([null, null]);
const ada = JSON.stringify(["ada", null]);

/** What must hold with either provider. */
async function signInAndOut(ask: Ask, kind: string): Promise<void> {
  assert.deepEqual(await ask(`/${kind}/`), { status: 200, cookie: undefined, said: nobody });
  const { status, cookie = "" } = await ask(`/${kind}/in`);
  assert.equal(status, 303);
  assert.deepEqual(await ask(`/${kind}/`, cookie), { status: 200, cookie: undefined, said: ada });
  const out = await ask(`/${kind}/out`, cookie);
  assert.deepEqual([out.status, out.cookie], [200, ""]);
}

async function twentyAtOnce(ask: Ask, kind: string): Promise<void> {
  const { cookie } = await ask(`/${kind}/in`);
  await Promise.all(Array.from({ length: 20 }, () => ask(`/${kind}/count`, cookie)));
  assert.equal((await ask(`/${kind}/`, cookie)).said, JSON.stringify(["ada", 20]));
}

function altered(cookie: string): string {
  const at = cookie.length - 9;
  return `${cookie.slice(0, at)}${cookie[at] === "A" ? "B" : "A"}${cookie.slice(at + 1)}`;
}

const cases: Readonly<Record<string, (ask: Ask, key: string) => Promise<void>>> = {
  memory: async (ask) => {
    await signInAndOut(ask, "memory");
    const { cookie } = await ask("/memory/in");
    await ask("/memory/out", cookie);
    assert.equal((await ask("/memory/", cookie)).said, nobody, "the session has ended for every copy of the cookie");
  },
  "twenty updates at once": (ask) => twentyAtOnce(ask, "memory"),
  "a store that answers later, a Manager for each request": async (ask) => {
    await signInAndOut(ask, "late");
    await twentyAtOnce(ask, "late");
  },
  "failed save": async (ask) => {
    for (const [kind, expected] of [
      ["memory", 503],
      ["cookie", 500],
    ] as const) {
      const { cookie } = await ask(`/${kind}/in`);
      const failed = await ask(`/${kind}/fail`, cookie);
      assert.deepEqual([failed.status, failed.cookie], [expected, undefined], kind);
      assert.equal((await ask(`/${kind}/`, cookie)).said, ada, kind);
    }
  },
  "@sess/cookie": (ask) => signInAndOut(ask, "cookie"),
  "altered cookie": async (ask) => {
    for (const kind of ["memory", "cookie"]) {
      const { cookie = "" } = await ask(`/${kind}/in`);
      assert.deepEqual(await ask(`/${kind}/`, altered(cookie)), { status: 200, cookie: undefined, said: nobody }, kind);
    }
  },
  "sealed cookies exchanged with Node": async (ask, key) => {
    const sessions = await createManager<{ user: string }>(cookie({ keys: [key] }));
    const asNode = async (sent: string, user?: string) => {
      const request = new Request("http://node/", { headers: { cookie: sent } });
      const response = await sessions.handle(request, (session) => {
        if (user !== undefined) session.set("user", user);
        return new Response(session.get("user") ?? "nobody");
      });
      return answerOf(response);
    };
    const theirs = await ask("/cookie/in");
    assert.equal((await asNode(theirs.cookie ?? "")).said, "ada", "sealed by workerd, opened by Node");
    const ours = await asNode("", "ada");
    assert.equal((await ask("/cookie/", ours.cookie)).said, ada, "sealed by Node, opened by workerd");
    await sessions.close();
  },
};

/** What came of each case, `yes` or what went wrong; `undefined` if there is no workerd for this platform. */
export async function underWorkerd(folder: string): Promise<Map<string, string> | undefined> {
  if (`${process.platform}-${process.arch}` !== "linux-x64") return undefined;
  const files = await installFromNpm("@cloudflare/workerd-linux-64", version, folder);
  const key = randomBytes(32).toString("base64url");
  const port = await freePort();
  buildSync({
    entryPoints: [join(import.meta.dirname, "worker.mjs")],
    bundle: true,
    format: "esm",
    platform: "node",
    outfile: join(folder, "worker.js"),
    logLevel: "error",
  });
  const config = join(folder, "config.capnp");
  await writeFile(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "site", worker = (
        modules = [(name = "worker", esModule = embed "worker.js")],
        compatibilityDate = "${compatibilityDate}",
        bindings = [(name = "SESS_KEY", text = "${key}")],
      ))],
      sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "site")],
    );`,
  );
  const server = spawn(join(files, "bin", "workerd"), ["serve", config], { stdio: ["ignore", "ignore", "pipe"] });
  const ask: Ask = async (path, sent = "") => {
    const options: RequestInit = { headers: { cookie: sent }, redirect: "manual", signal: AbortSignal.timeout(10_000) };
    return answerOf(await fetch(`http://127.0.0.1:${port}${path}`, options));
  };
  try {
    await answers(server, ask);
    const results = new Map<string, string>();
    for (const [name, run] of Object.entries(cases)) {
      results.set(
        name,
        await run(ask, key).then(
          () => "yes",
          (error: Error) => error.message,
        ),
      );
    }
    return results;
  } finally {
    if (server.exitCode === null && server.kill("SIGKILL")) await once(server, "exit");
  }
}

async function answers(server: ChildProcess, ask: Ask): Promise<void> {
  let said = "";
  server.stderr?.on("data", (chunk) => (said += chunk));
  for (const end = Date.now() + 20_000; Date.now() < end && server.exitCode === null; ) {
    if ((await ask("/memory/").catch(() => undefined)) !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`workerd does not answer: ${said}`);
}
