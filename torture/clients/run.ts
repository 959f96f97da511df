import { fork, type StdioOptions } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster } from "../../packages/redis/test/cluster.js";
import { type Kind, kinds } from "../../packages/redis/test/kinds.js";
import { startPair } from "../../packages/redis/test/replicas.js";
import { startRedis } from "../../packages/redis/test/server.js";
import { installFromNpm } from "../../scripts/from-npm.js";
import { Fleet } from "../processes/fleet.js";
import { everything, short } from "../processes/trials.js";
import { type Places, trials } from "./trials.js";

const [wanted = ""] = process.argv.slice(2);
const chosen = kinds.filter(({ name }) => name.includes(wanted));

const folder = await mkdtemp(join(tmpdir(), "sess-clients-"));
const needsBun = chosen.some(({ runtime }) => runtime === "bun");
const bun = needsBun ? join(await installFromNpm("@oven/bun-linux-x64", "1.4.5", folder), "bin", "bun") : undefined;
const [server, cluster, pair] = await Promise.all([startRedis(), startCluster(), startPair()]);
const local = (port: number) => ({ host: "127.0.0.1", port });
const [node = local(0)] = cluster.nodes;
const places: Places = {
  server: local(server.port),
  cluster: node,
  master: local(pair.master.port),
  replica: local(pair.replica.port),
};

/** How a process of a client's runtime is started. */
const runtimeOf = ({ runtime }: Kind) =>
  runtime === "bun" && bun !== undefined
    ? { execPath: bun, execArgv: ["--conditions=@sess/source"], serialization: "json" as const }
    : { execArgv: ["--conditions=@sess/source", "--import", "tsx"] };

function run(kind: Kind, trial: string): Promise<string> {
  return new Promise((resolve) => {
    const args = [kind.name, trial, JSON.stringify(places)];
    const stdio: StdioOptions = ["ignore", "inherit", "pipe", "ipc"];
    const child = fork(join(import.meta.dirname, "child.ts"), args, { ...runtimeOf(kind), stdio });
    let complaint = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      complaint = `${complaint}${chunk}`.slice(-2000);
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), 300_000);
    let result = "";
    child.on("message", (message: { readonly result?: string; readonly ask?: string }) => {
      if (message.result !== undefined) result = message.result;
      if (message.ask === "pause the replica") pair.replica.pause();
      if (message.ask === "resume the replica") pair.replica.resume();
      if (message.ask !== undefined) child.send({ done: true });
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      pair.replica.resume();
      resolve(result || `NO: the process ended with ${signal ?? code}: ${complaint.replace(/\s+/g, " ")}`);
    });
  });
}

async function processes(kind: Kind): Promise<string> {
  const address = kind.cluster ? places.cluster : places.server;
  const fleet = await Fleet.start("redis", undefined, 4, { client: { kind: kind.name, address }, ...runtimeOf(kind) });
  const findings = await everything(fleet, short, () => {});
  await fleet.stop();
  const broken = findings.flatMap((finding) => finding.broken);
  return broken.length === 0 ? "yes" : `NO: ${broken.join("; ")}`;
}

const columns = [...Object.keys(trials), "four processes"];
console.log(`| client | ${columns.join(" | ")} |\n|---|${columns.map(() => "---|").join("")}`);
for (const kind of chosen) {
  const cells: string[] = [];
  for (const column of columns) {
    cells.push(
      await (column === "four processes" ? processes(kind).catch((e: unknown) => `NO: ${e}`) : run(kind, column)),
    );
  }
  if (cells.some((cell) => cell.startsWith("NO"))) process.exitCode = 1;
  console.log(`| ${kind.name} | ${cells.join(" | ")} |`);
}
await Promise.all([server.stop(), cluster.stop(), pair.stop(), rm(folder, { recursive: true, force: true })]);
