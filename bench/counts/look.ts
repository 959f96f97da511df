import type { Contender, Group } from "../contenders.js";
import { startStore } from "../running.js";
import { send } from "../send.js";
import { type Call, Probed } from "./probed.js";
import { type Counted, type StoreCounter, startCounter } from "./store-counter.js";
import { type Stored, stored } from "./stored.js";

export const kinds = ["none", "read", "write"] as const;
export type Kind = (typeof kinds)[number];

/** What was counted of one contender with one size. */
export interface Row {
  readonly group: string;
  readonly name: string;
  readonly role: Contender["role"];
  /** Characters of data in each session. */
  readonly size: number;
  /** Of one session. */
  readonly stored: Stored | undefined;
  readonly requests?: Requests;
}

/** What was counted while requests were made. */
export interface Requests {
  /** Of one request; empty where there is no store. */
  readonly trips: Partial<Record<Kind, Counted>>;
  /** Bytes of V8's heap allocated for one read. */
  readonly allocated: number;
  /** Functions of ours called by a request of the kind `none`, and how often; absent where no adapter is at work. */
  readonly untouched?: readonly Call[];
}

/** Starts a contender and counts what it stores; with `count`, also the cost of that many requests of each kind. */
export async function look(group: Group, contender: Contender, size: number, count: number | undefined): Promise<Row> {
  const store = await startStore(group.backend);
  const counter = await startCounter(group.backend, store.place);
  const probed = await Probed.start(contender, counter?.place ?? store.place, size);
  try {
    const { name, role } = contender;
    const row = { group: group.name, name, role, size, stored: await ofOneSession(group, probed, store.place, size) };
    return count === undefined ? row : { ...row, requests: await ofOneRequest(probed, counter, count) };
  } finally {
    await probed.running.stop();
    await counter?.stop();
    await store.stop();
  }
}

async function ofOneSession(group: Group, probed: Probed, place: string, size: number): Promise<Stored | undefined> {
  const { running } = probed;
  const sessions = group.backend === "none" ? 1000 : 10;
  if (running.contender.name === "no session") {
    await running.fill(sessions, size);
    return undefined;
  }
  const inCookie = group.name.startsWith("cookie");
  // The first request makes everything that is made once, compiled code included.
  await running.fill(inCookie ? 1 : sessions, size);
  if (inCookie) return { written: running.cookies[0]?.length ?? Number.NaN };
  const held = async (): Promise<Stored> =>
    group.backend === "none" ? { written: await probed.heap() } : stored(group.backend, place);
  const before = await held();
  await running.fill(sessions, size);
  const after = await held();
  const each = (key: keyof Stored) => ((after[key] ?? Number.NaN) - (before[key] ?? Number.NaN)) / sessions;
  return { written: each("written"), taken: each("taken") };
}

async function ofOneRequest(probed: Probed, counter: StoreCounter | undefined, count: number): Promise<Requests> {
  const { url, cookies, contender, pid } = probed.running;
  const ask = async (kind: Kind, times: number, connections = 1) => {
    const statuses = await send(`${url}/${kind}`, cookies.slice(0, 1), times, connections);
    if (statuses.get(200) !== times) throw new Error(`${contender.name}, /${kind}: ${[...statuses].join("; ")}`);
  };
  // These requests open connections, prepare statements and compile functions.
  for (const kind of kinds) await ask(kind, 10 * count, 8);
  const trips: Partial<Record<Kind, Counted>> = {};
  if (counter !== undefined) {
    for (const kind of kinds) trips[kind] = perRequest(await counter.count(pid, () => ask(kind, count)), count);
  }
  const reads = 50 * count;
  const allocated = (await probed.allocated(() => ask("read", reads, 8))) / reads;
  const { FRAMEWORK: framework = "node" } = contender.env;
  if (framework === "node") return { trips, allocated };
  const untouched = await probed.calls(() => ask("none", 10 * count));
  return { trips, allocated, untouched: untouched.map((call) => ({ ...call, count: call.count / (10 * count) })) };
}

function perRequest({ roundTrips, commands }: Counted, count: number): Counted {
  const each = Object.entries(commands).map(([name, times]) => [name, times / count] as const);
  return { roundTrips: roundTrips / count, commands: Object.fromEntries(each) };
}
