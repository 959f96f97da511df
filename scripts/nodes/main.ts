/**
 * The tests on every Node that is supported, and the published types under every TypeScript: `npm run check:nodes`, or
 * with files as vitest takes them, and numbers of Nodes. Node and TypeScript come from npm. Run the build first: the types are those of dist.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Node, nodes } from "../consumers/nodes.js";
import { typesUnder } from "./types.js";

const root = join(import.meta.dirname, "..", "..");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const compilers = ["5.6.3", "6.0.3", "7.0.2"];

const isNumber = (text: string) => /^\d+$/.test(text);
const only = process.argv.slice(2).filter(isNumber);
const files = process.argv.slice(2).filter((text) => !isNumber(text));

/** Runs the tests and shows their output; resolves to whether all passed. */
function passesOn({ program }: Node): Promise<boolean> {
  return new Promise((resolve) => {
    const args = [vitest, "run", "--config", "vitest.workspace.ts", "--reporter=dot", ...files];
    // Processes that a test starts run on the same Node.
    const env = { ...process.env, PATH: `${join(program, "..")}:${process.env.PATH}` };
    const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "inherit", "inherit"] });
    child.once("exit", (code) => resolve(code === 0));
  });
}

const work = await mkdtemp(join(tmpdir(), "sess-nodes-"));
const results: [what: string, holds: boolean][] = [];
try {
  for (const version of compilers) {
    const said = await typesUnder(version, work);
    if (said !== "") console.error(said);
    results.push([`the types, TypeScript ${version}`, said === ""]);
  }
  for (const node of await nodes(work)) {
    if (only.length > 0 && !only.includes(node.name)) continue;
    console.log(`\n==== Node ${node.name}`);
    results.push([`the tests, Node ${node.name}`, await passesOn(node)]);
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
for (const [what, holds] of results) console.log(`${what}: ${holds ? "yes" : "NO"}`);
process.exit(results.every(([, holds]) => holds) ? 0 : 1);
