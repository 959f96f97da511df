import type { Backend, Contender } from "../contenders.js";
import { Running, startStore } from "../running.js";
import { send } from "../send.js";

export const kinds = ["read", "write"] as const;
export type Kind = (typeof kinds)[number];

/** How long and how often. */
export interface Effort {
  readonly rounds: number;
  readonly seconds: number;
  /** Characters of data in a session. */
  readonly size: number;
  /** Told of each run. */
  step(what: string): void;
}

/** Requests per second of one process, of each round: all connections on one session, and over two hundred. */
export interface HotAndSpread {
  readonly name: string;
  readonly kind: Kind;
  readonly hot: number[];
  readonly spread: number[];
}

/** One process: a hot session against sessions spread. */
export async function hotAndSpread(backend: Backend, contender: Contender, effort: Effort): Promise<HotAndSpread[]> {
  const store = await startStore(backend);
  const running = await Running.start(contender, store.place, effort.size);
  try {
    await running.fill(200, effort.size);
    const measured: HotAndSpread[] = kinds.map((kind) => ({ name: contender.name, kind, hot: [], spread: [] }));
    for (const kind of kinds) await running.load(`/${kind}`, true, 1);
    for (let round = 0; round < effort.rounds; round++) {
      for (const { kind, hot, spread } of measured) {
        // The first of a round is the last of the next.
        for (const isSpread of round % 2 === 0 ? [true, false] : [false, true]) {
          (isSpread ? spread : hot).push((await running.load(`/${kind}`, isSpread, effort.seconds)).perSecond);
          effort.step(`${contender.name}, ${kind}`);
        }
      }
    }
    return measured;
  } finally {
    await running.stop();
    await store.stop();
  }
}

/** Requests per second of that many processes together, of each round, all on one session, 32 connections in all. */
export interface Point {
  readonly name: string;
  readonly kind: Kind;
  readonly processes: number;
  readonly perSecond: number[];
}

/** The outcomes of writes that were counted one by one. */
export interface Tally {
  readonly name: string;
  readonly processes: number;
  /** Answers by status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** The session's count at the end. */
  readonly counter: number;
}

/** One to `most` processes on one session: the curve, and whether each acknowledged write was kept. */
export async function together(
  backend: Backend,
  contender: Contender,
  most: number,
  writes: number,
  effort: Effort,
): Promise<{ readonly points: Point[]; readonly tallies: Tally[] }> {
  const store = await startStore(backend);
  const all: Running[] = [];
  try {
    const [points, tallies]: [Point[], Tally[]] = [[], []];
    for (let processes = 1; processes <= most; processes++) {
      all.push(await Running.start(contender, store.place, effort.size));
      await shareSession(all, effort.size);
      tallies.push(await tally(all, writes));
      for (const kind of kinds) points.push({ name: contender.name, kind, processes, perSecond: [] });
    }
    for (let round = 0; round < effort.rounds; round++) {
      for (const { kind, processes, perSecond } of round % 2 === 0 ? points : points.toReversed()) {
        perSecond.push(await rate(all.slice(0, processes), kind, effort.seconds));
        effort.step(`${contender.name}, ${processes} processes, ${kind}`);
      }
    }
    return { points, tallies };
  } finally {
    for (const running of all) await running.stop();
    await store.stop();
  }
}

async function shareSession(all: readonly Running[], size: number): Promise<void> {
  await all[0]?.fill(1, size);
  for (const running of all) running.cookies = all[0]?.cookies ?? [];
}

async function rate(all: readonly Running[], kind: Kind, seconds: number): Promise<number> {
  const connections = (n: number) => Math.floor((32 + n) / all.length);
  const loads = await Promise.all(all.map((each, n) => each.load(`/${kind}`, false, seconds, connections(n))));
  return loads.reduce((sum, { perSecond }) => sum + perSecond, 0);
}

async function tally(all: readonly Running[], writes: number): Promise<Tally> {
  const answers = await Promise.all(all.map(({ url, cookies }) => send(`${url}/write`, cookies, writes, 8)));
  const statuses: Record<number, number> = {};
  for (const [status, count] of answers.flatMap((each) => [...each]))
    statuses[status] = (statuses[status] ?? 0) + count;
  const [first] = all;
  const response = await fetch(`${first?.url}/read`, { headers: { cookie: first?.cookies[0] ?? "" } });
  const counter = Number((await response.text()).split(" ")[1]);
  return { name: first?.contender.name ?? "", processes: all.length, statuses, counter };
}
