import { createManager, type StoreManager } from "@sess/core";
import { mysql } from "@sess/mysql/provider";
import { appUser, Replicas } from "../../packages/mysql/test/replicas.js";
import { cableOut } from "../wire/faults.js";
import { TcpProxy } from "../wire/proxy.js";
import { type Account, account, type Fields, Visitor } from "../wire/visitor.js";

/**
 * How a primary goes: it is made a replica and lives on with its connections; it crashes, and its system resets them;
 * its machine loses the power, and nobody is told. In each case the address leads to the former replica afterwards.
 */
export type Kind = "demoted" | "crashed" | "powered off";
export const kinds: readonly Kind[] = ["demoted", "crashed", "powered off"];

export interface Round extends Account {
  readonly kind: Kind;
  /** From the moment in which the new primary takes writes at the address, until every visitor was acknowledged. */
  readonly recovery: number;
  /** The same from the moment in which the old one went. */
  readonly outage: number;
  /** Loads and increments that did not settle within {@link longest}. */
  readonly hangs: number;
}

/** Milliseconds from the primary to its replica: without them hardly anything is under way when it goes. */
export const distance = 20;
/** Milliseconds: the provider's `timeout`. */
export const timeout = 1000;
/** An increment is a batch that core sends again for five seconds, after another that it waited for. */
export const longest = 2 * (5000 + timeout) + 500;

const visitors = 6;
const requests = 3;
const config = { namespace: "failover" };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Called with each round. */
export type Progress = (round: Round) => void;

/** Fails over again and again under load: one Manager throughout, at an address that leads to the primary. */
export async function failovers(
  rounds: readonly Kind[],
  semiSync: boolean,
  progress: Progress = () => {},
): Promise<Round[]> {
  const pair = await Replicas.start(semiSync, distance);
  const proxy = new TcpProxy(pair.port);
  const manager = await connect(await proxy.listen());
  const results: Round[] = [];
  try {
    for (const kind of rounds) {
      const round = await failOver(kind, pair, proxy, manager);
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

function connect(port: number): Promise<StoreManager<Fields>> {
  const dsn = `${appUser}@tcp(127.0.0.1:${port})/sess`;
  return createManager<Fields>(mysql({ dsn, timeout, createTable: false }), config);
}

async function failOver(kind: Kind, pair: Replicas, proxy: TcpProxy, manager: StoreManager<Fields>): Promise<Round> {
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
  if (kind !== "demoted") await pair.rebuild();
  const late = all.filter(({ slowestLoad, slowestUpdate }) => Math.max(slowestLoad, slowestUpdate) > longest);
  return { kind, ...sums, recovery: recovered - back, outage: recovered - gone, hangs: late.length + hung };
}

const takeOver: Record<Kind, (pair: Replicas, proxy: TcpProxy) => Promise<void>> = {
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

/** 0 when it settles within some milliseconds, else 1. */
async function settled(work: Promise<unknown>, ms: number): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<number>((resolve) => {
    timer = setTimeout(resolve, ms, 1);
  });
  const hung = await Promise.race([work.then(() => 0), late]);
  clearTimeout(timer);
  return hung;
}

/** What must not be, whatever is replicated how; and with semi-synchronous replication nothing may be lost either. */
export function violationsOf(rounds: readonly Round[], semiSync: boolean): string[] {
  return rounds.flatMap(({ kind, doubled, foreign, stale, hangs, lost, wrong }, at) => {
    const found = Object.entries({ doubled, foreign, stale, hangs, ...(safe(kind, semiSync) && { lost }) });
    const broken = found.filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`);
    return [...broken, ...wrong].map((what) => `failover ${at + 1}, ${kind}: ${what}`);
  });
}

function safe(kind: Kind, semiSync: boolean): boolean {
  return semiSync || kind === "demoted";
}
