/**
 * Collects 100,000 expired sessions, or the number of the argument, and measures how late the event loop is meanwhile:
 * `npm run torture:gc`.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { file } from "../src/provider.js";

const total = Number(process.argv[2] ?? 100_000);
const directory = await mkdtemp(join(tmpdir(), "sess-gc-"));
const clock = { time: Date.now() };
const store = await file(directory).connect({ now: () => clock.time, contract: 1 });
const seconds = (since: number) => ((performance.now() - since) / 1000).toFixed(1);

let start = performance.now();
let made = 0;
await Promise.all(
  Array.from({ length: 16 }, async () => {
    while (made++ < total) {
      const version = randomBytes(8).toString("hex");
      const record = { data: "x".repeat(500), version, expiresAt: clock.time + 1000 };
      await store.create(randomBytes(32).toString("hex"), record);
    }
  }),
);
process.stdout.write(`created ${total} in ${seconds(start)} s\n`);

start = performance.now();
process.stdout.write(`counted ${await store.count()} in ${seconds(start)} s\n`);

clock.time += 61_000;
const histogram = monitorEventLoopDelay({ resolution: 1 });
histogram.enable();
start = performance.now();
const removed = await store.gc();
histogram.disable();
const ms = (nanoseconds: number) => `${(nanoseconds / 1e6).toFixed(1)} ms`;
process.stdout.write(
  `collected ${removed} in ${seconds(start)} s; event loop delay p50 ${ms(histogram.percentile(50))}`,
);
process.stdout.write(`, p99 ${ms(histogram.percentile(99))}, max ${ms(histogram.max)}\n`);
await rm(directory, { recursive: true });
if (removed !== total || histogram.percentile(99) > 10e6) process.exitCode = 1;
