/**
 * Counts instead of times, of ours and of peers: `npm run bench:counts`, or `npm run bench:counts -- --only redis
 * --sizes 2048`. It counts store round trips and allocations of a request, bytes of a stored session, and the functions
 * that run for a request that does not use its session. Needs `strace`, redis-server, mariadbd and postgres (Debian:
 * apt-get install -y strace redis-server mariadb-server postgresql). Run the build first.
 */
import { parseArgs } from "node:util";
import { memory, type StoreConnector } from "@sess/core";
import { file } from "@sess/file";
import { mysql } from "@sess/mysql";
import { postgres } from "@sess/postgres";
import { redis } from "@sess/redis";
import { type Backend, groups } from "../contenders.js";
import { Progress } from "../progress.js";
import { keepJson } from "../results.js";
import { startStore } from "../running.js";
import { versions } from "../versions.js";
import { look, type Row } from "./look.js";
import { allocatedByLoad } from "./manager-read.js";
import { type ProviderCalls, providerCalls } from "./provider-calls.js";
import { report } from "./report.js";

const { values: options } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    sizes: { type: "string", default: "100,2048,20480" },
    requests: { type: "string", default: "100" },
  },
});
const count = Number(options.requests);
const sizes = options.sizes.split(",").map(Number);
/** Requests are counted with this size, stored bytes with every size. */
const usual = 2048;

const runs = sizes.flatMap((size) =>
  groups
    .filter(({ name, largest = size }) => name.includes(options.only) && size <= largest)
    .flatMap((group) =>
      group.contenders.filter(({ role }) => role !== "bare").map((contender) => ({ group, contender, size })),
    ),
);
const progress = new Progress(runs.length);
const rows: Row[] = [];
for (const { group, contender, size } of runs) {
  rows.push(await look(group, contender, size, size === usual ? count : undefined));
  progress.step(`${group.name}, ${contender.name}, ${size} B`);
}
progress.end();

const connectors: readonly [Backend, (place: string) => StoreConnector][] = [
  ["none", () => memory()],
  ["directory", (directory) => file({ directory })],
  ["redis", redis],
  ["mysql", mysql],
  ["postgres", postgres],
];
const calls: Record<string, ProviderCalls> = {};
for (const [backend, connectorOf] of connectors) {
  const store = await startStore(backend);
  const connector = connectorOf(store.place);
  calls[connector.name] = await providerCalls(connector, count).finally(() => store.stop());
}
const loads: Record<string, number> = {};
for (const size of sizes) loads[size] = await allocatedByLoad(size, 100 * count);

const counts = { rows, providerCalls: calls, allocatedByLoad: loads };
keepJson("counts.json", counts);
console.log(`With ${versions()}.\n\n${report(counts)}`);
