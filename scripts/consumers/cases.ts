import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Bundle, byEsbuild, byRollup } from "./bundles.js";
import type { Node } from "./nodes.js";

const run = promisify(execFile);

/** An application in a folder of its own, with core and one provider installed from tarballs. */
export interface Consumer {
  readonly folder: string;
  readonly provider: string;
  /** The seed's configuration, as JSON. */
  readonly json: string;
}

/** One thing a consumer does with what it installed. */
export interface Case {
  readonly name: string;
  /** Rejects when it cannot. Resolves to a program that is to be {@link kept} on every Node, if it makes one. */
  check(consumer: Consumer): Promise<string | undefined>;
}

/** A session that is kept and found again, by the seed's form of createManager. */
function application({ provider, json }: Consumer): string {
  return `
  const sessions = await createManager(${JSON.stringify(provider)}, ${JSON.stringify(json)});
  sessions.startGC();
  const server = http.createServer(sessions.handler((session, req, res) => {
    if (req.url === "/in") session.set("username", "astaxie");
    res.end(String(session.get("username")));
  }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const site = "http://127.0.0.1:" + server.address().port;
  const first = await fetch(site + "/in");
  const cookie = first.headers.getSetCookie().find((line) => line.startsWith("gosessionid=")).split(";")[0];
  const second = await fetch(site + "/", { headers: { cookie } });
  if ((await second.text()) !== "astaxie") throw new Error("the session was not found again");
  server.close();
  server.closeAllConnections();
  await sessions.close();
  console.log("kept");`;
}

function esm(consumer: Consumer): string {
  const registering = consumer.provider === "memory" ? "" : `import "@sess/${consumer.provider}";\n`;
  return `import http from "node:http";\nimport { createManager } from "@sess/core";\n${registering}${application(consumer)}`;
}

function cjs(consumer: Consumer): string {
  const registering = consumer.provider === "memory" ? "" : `require("@sess/${consumer.provider}");\n`;
  return `const http = require("node:http");\nconst { createManager } = require("@sess/core");\n${registering}(async () => {${application(consumer)}\n})();`;
}

/** Runs a program of ours, and rejects unless its session was found again. */
export async function kept(node: Node, path: string): Promise<void> {
  const { stdout } = await run(node.program, [path], { cwd: dirname(path), timeout: 60_000 });
  if (stdout.trim() !== "kept") throw new Error(`${path} said ${JSON.stringify(stdout)}`);
}

async function written({ folder }: Consumer, file: string, text: string): Promise<string> {
  await writeFile(join(folder, file), text);
  return join(folder, file);
}

async function bundled(consumer: Consumer, bundle: Bundle): Promise<string> {
  await written(consumer, "app.mjs", esm(consumer));
  return bundle(consumer.folder, "app.mjs");
}

/** Checks npm's dependency tree: one core, this provider, and none of the others. */
async function tree({ folder, provider }: Consumer): Promise<undefined> {
  const { stdout } = await run("npm", ["ls", "--all", "--parseable"], { cwd: folder });
  const ours = stdout.split("\n").filter((line) => line.includes("@sess"));
  const expected = provider === "memory" ? ["core"] : ["core", provider];
  const found = ours.map((line) => line.split("@sess/").at(-1) ?? "").sort();
  if (found.join() !== expected.sort().join()) throw new Error(`npm ls shows ${found.join(", ")}`);
}

/** The types as an application sees them: without skipLibCheck, and with additions to our declarations. */
async function typed(consumer: Consumer, module: string, moduleResolution: string): Promise<undefined> {
  const { folder, provider } = consumer;
  const registering = provider === "memory" ? "" : `import "@sess/${provider}";`;
  const name = JSON.stringify(provider);
  const text = `import { createManager, type Manager, type StoreManager } from "@sess/core";
${registering}
declare module "@sess/core" { interface SessionData { username: string } }
export async function use(): Promise<void> {
  const sessions = await createManager(${name}, { gcLifetime: 3600, providerConfig: "" });
  const kept: ${provider === "cookie" ? "Manager" : "StoreManager"}<{ username: string }> = await createManager<{ username: string }>(${name}, { providerConfig: "" });
  await sessions.handle(new Request("http://localhost/"), (session) => {
    const username: string | undefined = session.get("username");
    // @ts-expect-error declared as a string
    session.set("username", 7);
    return new Response(username);
  });
  // @ts-expect-error no provider's configuration
  await createManager(${name}, { providerConfig: { nothingOfTheKind: true } });
  // @ts-expect-error an explicit type for the fields does not switch that check off
  await createManager<{ user: string }>(${name}, { providerConfig: 7 });
  // @ts-expect-error a provider that was not imported
  await createManager("nobody", {});
  await kept.close();
}
`;
  await writeFile(join(folder, "types.ts"), text);
  const compilerOptions = {
    module,
    moduleResolution,
    target: "es2022",
    lib: ["ES2022", "ESNext.Disposable"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    types: ["node"],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["types.ts"] }));
  const tsc = join(import.meta.dirname, "..", "..", "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "-p", "."], { cwd: folder }).catch((error: { stdout: string }) => {
    throw new Error(error.stdout);
  });
}

export const cases: readonly Case[] = [
  { name: "npm ls", check: tree },
  { name: "import", check: (consumer) => written(consumer, "app.mjs", esm(consumer)) },
  { name: "require", check: (consumer) => written(consumer, "app.cjs", cjs(consumer)) },
  { name: "esbuild", check: (consumer) => bundled(consumer, byEsbuild) },
  { name: "rollup", check: (consumer) => bundled(consumer, byRollup) },
  { name: "tsc nodenext", check: (consumer) => typed(consumer, "nodenext", "nodenext") },
  { name: "tsc bundler", check: (consumer) => typed(consumer, "esnext", "bundler") },
];
