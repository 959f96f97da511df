import { createManager, type StoreConnector, type StoreManager } from "@sess/core";
import { cableOut } from "../wire/faults.js";
import { TcpProxy } from "../wire/proxy.js";
import { type Account, account, type Fields, Visitor } from "../wire/visitor.js";

/**
 * How a primary fails. It may be made a replica and keep its connections; it may crash, and its system resets them; or
 * its machine may lose power, and clients get no sign. In each case the address leads to the former replica afterwards.
 */
export type Kind = "demoted" | "crashed" | "powered off";
export const kinds: readonly Kind[] = ["demoted", "crashed", "powered off"];

/** A primary and a replica that follows it. */
export interface Pair {
  /** The primary's. */
  readonly port: number;
  /** SIGKILL to the primary, as a crash: the system resets its connections. */
  kill(): Promise<void>;
  /** The primary accepts no more writes, and keeps running with its connections. The replica has all data by then. */
  swap(): Promise<void>;
  /** The replica takes over with what it has received. Resolves when it accepts writes. */
  promote(): Promise<void>;
  /** Restores a primary with a replica after a failover of a kind. */
  rebuild(kind: Kind): Promise<void>;
  stop(): Promise<void>;
}

/** Whose failover it is. */
export interface Subject {
  /** `distance` is the delay to the replica in milliseconds; `synchronous` says whether a write waits for it. */
  start(synchronous: boolean, distance: number): Promise<Pair>;
  connector(port: number, timeout: number): StoreConnector;
}

export interface Round extends Account {
  readonly kind: Kind;
  /** From when the new primary accepts writes at the address until a write of every visitor was acknowledged. */
  readonly recovery: number;
  /** The same, from when the old primary failed. */
  readonly outage: number;
  /** Loads and increments that did not settle within {@link longest}. */
  readonly hangs: number;
}

/**
 * Delay from the primary to its replica, in milliseconds. Without it, hardly any write is under way when the primary
 * fails.
 */
export const distance = 20;
/** Milliseconds: the provider's `timeout`. */
export const timeout = 1000;
/** Core sends an increment's batch again for five seconds, after waiting for the batch before it. */
export const longest = 2 * (5000 + timeout) + 500;

const visitors = 6;
const requests = 3;
const config = { namespace: "failover" };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Called with each round. */
export type Progress = (round: Round) => void;

/** Fails over repeatedly under load, with one Manager throughout, at an address that leads to the primary. */
export async function failovers(
  subject: Subject,
  rounds: readonly Kind[],
  synchronous: boolean,
  progress: Progress = () => {},
): Promise<Round[]> {
  const pair = await subject.start(synchronous, distance);
  const proxy = new TcpProxy(pair.port);
  const connect = (port: number) => createManager<Fields>(subject.connector(port, timeout), config);
  const manager = await connect(await proxy.listen());
  const results: Round[] = [];
  try {
    for (const kind of rounds) {
      const round = await failOver(kind, pair, proxy, manager, connect);
      results.push(round);
      progress(round);
    }
  } finally {
    await manager.close();
    await proxy.close();
    await pair.stop();
  }
  return results;
}

async function failOver(
  kind: Kind,
  pair: Pair,
  proxy: TcpProxy,
  manager: StoreManager<Fields>,
  connect: (port: number) => Promise<StoreManager<Fields>>,
): Promise<Round> {
  const names = Array.from({ length: visitors }, (_, index) => `visitor-${index}`);
  const all = await Promise.all(names.map((name) => Visitor.arrive(manager, name)));
  let running = true;
  const crowd = all.flatMap((visitor) =>
    Array.from({ length: requests }, async () => {
      while (running) {
        await visitor.request(manager);
        await pause(5);
      }
    }),
  );
  const everybody = () => Promise.all(all.map((visitor) => visitor.next()));
  for (let acknowledged = 0; acknowledged < 20; acknowledged++) await everybody();
  const gone = performance.now();
  await takeOver[kind](pair, proxy);
  const back = performance.now();
  await everybody();
  const recovered = performance.now();
  for (let acknowledged = 0; acknowledged < 20; acknowledged++) await everybody();
  running = false;
  const hung = await settled(Promise.all(crowd), longest);
  const direct = await connect(pair.port);
  const sums = await account(direct, all);
  await direct.close();
  await pair.rebuild(kind);
  const late = all.filter(({ slowestLoad, slowestUpdate }) => Math.max(slowestLoad, slowestUpdate) > longest);
  return { kind, ...sums, recovery: recovered - back, outage: recovered - gone, hangs: late.length + hung };
}

const takeOver: Record<Kind, (pair: Pair, proxy: TcpProxy) => Promise<void>> = {
  demoted: async (pair, proxy) => {
    await pair.swap();
    proxy.target = pair.port;
  },
  crashed: async (pair, proxy) => {
    await pair.kill();
    await pair.promote();
    proxy.target = pair.port;
  },
  "powered off": async (pair, proxy) => {
    await proxy.begin(cableOut);
    await pair.kill();
    await pair.promote();
    proxy.target = pair.port;
    await proxy.lift();
  },
};

/** 0 if it settles within some milliseconds, else 1. */
async function settled(work: Promise<unknown>, ms: number): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => {
    timer = setTimeout(resolve, ms, 1);
  });
  const hung = await Promise.race([work.then(() => 0), late]);
  clearTimeout(timer);
  return hung;
}

/** What must not happen with any replication. With synchronous replication, nothing may be lost either. */
export function violationsOf(rounds: readonly Round[], synchronous: boolean): string[] {
  return rounds.flatMap(({ kind, doubled, foreign, stale, hangs, lost, wrong }, at) => {
    const found = Object.entries({ doubled, foreign, stale, hangs, ...(safe(kind, synchronous) && { lost }) });
    const broken = found.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
    return [...broken, ...wrong].map((what) => `failover ${at + 1}, ${kind}: ${what}`);
  });
}

function safe(kind: Kind, synchronous: boolean): boolean {
  return synchronous || kind === "demoted";
}
