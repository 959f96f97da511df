/**
 * Measures one contender with a number of sessions, in its own process; {@link main.ts} starts it and receives the
 * figures.
 */
import { quartiles } from "../statistics.js";
import { type Contender, contenders } from "./contenders.js";
import { type Watched, watched } from "./pauses.js";
import type { Figure } from "./report.js";
import type { Subject } from "./subject.js";

const [name, sessions] = [process.argv[2], Number(process.argv[3])];
const contender = contenders.find((each) => each.name === name);
if (contender === undefined) throw new Error(`nobody is called ${name}`);
/** Sessions that are loaded and saved, after some for warming up. */
const [sampled, warming] = [2_000, 500];
/** Sessions to a step of the progress. */
const stride = 1_000;

const store = await contender.start();
try {
  const subject = await contender.open(store.place);
  process.send?.({ figures: await figures(subject, contender) });
  await subject.close();
} finally {
  await store.stop();
}
process.disconnect?.();

async function figures(subject: Subject, contender: Contender): Promise<Figure[]> {
  const [before, residentBefore] = [await subject.bytes(), process.memoryUsage.rss()];
  const filling = await watched(() => fill(subject, contender));
  const [bytes, resident] = [(await subject.bytes()) - before, process.memoryUsage.rss() - residentBefore];
  const { loads, saves } = await loadAndSave(subject, filling.value);
  const count = await watched(() => subject.count());
  const found: Figure[] = [
    { operation: "bytes per session", unit: "B", value: bytes / sessions, more: { process: resident / sessions } },
    { operation: "fill", unit: "s", value: filling.took / 1000 },
    latency("load", loads),
    latency("save", saves),
    ...duration("count", count),
  ];
  const { gc } = subject;
  if (gc === undefined) return found;
  found.push(...duration("gc of the expired", await watched(gc)));
  found.push(...duration("gc of nothing", await watched(gc)));
  return found;
}

/** Resolves to the ids of some live sessions, in no order. */
async function fill(subject: Subject, { expiredOf, together }: Contender): Promise<string[]> {
  const living = sessions - Math.ceil(sessions / expiredOf);
  const every = Math.max(1, Math.floor(living / (sampled + warming)));
  const ids: string[] = [];
  let next = 0;
  let seen = 0;
  const worker = async () => {
    while (next < sessions) {
      const n = next++;
      const expired = n % expiredOf === 0;
      const id = await subject.make(n, expired);
      if (!expired && seen++ % every === 0 && ids.length < sampled + warming) ids.push(id);
      if (n % stride === 0) process.send?.({ step: "fill" });
    }
  };
  await Promise.all(Array.from({ length: together }, worker));
  return ids.sort();
}

async function loadAndSave(subject: Subject, ids: readonly string[]) {
  const [loads, saves]: [number[], number[]] = [[], []];
  for (const [turn, id] of ids.entries()) {
    const begun = performance.now();
    const save = await subject.load(id);
    const loaded = performance.now();
    await save();
    const saved = performance.now();
    if (turn < warming) continue;
    loads.push((loaded - begun) * 1000);
    saves.push((saved - loaded) * 1000);
  }
  return { loads, saves };
}

function latency(operation: string, values: readonly number[]): Figure {
  const sorted = values.toSorted((a, b) => a - b);
  const p99 = sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
  return { operation, unit: "us", value: quartiles(values).median, more: { p99 } };
}

function duration(operation: string, { value, took, pauses }: Watched<number>): Figure[] {
  const { longest, ...more } = pauses;
  return [
    { operation, unit: "ms", value: took, more: { sessions: value } },
    { operation: `${operation}: longest pause`, unit: "ms", value: longest, more },
  ];
}
