import type { Node, Six } from "./cluster.js";

/** Slots that are moved besides those asked for, some of which hold sessions. */
const others = 12;

/** What the servers answered since they started. */
export interface Redirections {
  readonly moved: number;
  readonly ask: number;
}

/** Moves slots, and some others, each to the next master; `back` moves them to where they were. */
export async function moveAround(six: Six, slots: readonly number[]): Promise<{ back(): Promise<void> }> {
  const masters = await six.masters();
  const all = new Set([...slots, ...Array.from({ length: others }, (_, at) => Math.floor((at * 16_384) / others))]);
  const moves = [...all].map((slot) => {
    const at = masters.findIndex(({ seen }) => seen.ranges.some(([first, last]) => slot >= first && slot <= last));
    return { slot, from: masters[at] ?? unknown(), to: masters[(at + 1) % masters.length] ?? unknown() };
  });
  const everybody = masters.map(({ node }) => node);
  for (const { slot, from, to } of moves) await move(slot, from, to, everybody);
  return {
    back: async () => {
      for (const { slot, from, to } of moves) await move(slot, to, from, everybody);
    },
  };
}

interface Member {
  readonly node: Node;
  readonly seen: { readonly id: string };
}

/** Like `redis-cli --cluster reshard`, one session at a time, with a pause while the slot is half moved. */
async function move(slot: number, from: Member, to: Member, everybody: readonly Node[]): Promise<void> {
  await to.node.observer.cluster("SETSLOT", slot, "IMPORTING", from.seen.id);
  await from.node.observer.cluster("SETSLOT", slot, "MIGRATING", to.seen.id);
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const keys = (await from.node.observer.cluster("GETKEYSINSLOT", slot, 1)) as string[];
    if (keys.length === 0) break;
    await from.node.observer.migrate("127.0.0.1", to.node.server.port, "", 0, 5000, "KEYS", ...keys);
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
  // The new owner is told first, so that there always is one.
  const order = [to.node, from.node, ...everybody.filter((node) => node !== to.node && node !== from.node)];
  for (const { observer } of order) await observer.cluster("SETSLOT", slot, "NODE", to.seen.id);
}

/** How often clients were sent elsewhere, by all masters. */
export async function redirections(six: Six): Promise<Redirections> {
  const infos = await Promise.all((await six.masters()).map(({ node }) => node.observer.info("errorstats")));
  const sum = (name: string) =>
    infos.reduce((total, info) => total + Number(new RegExp(`errorstat_${name}:count=(\\d+)`).exec(info)?.[1] ?? 0), 0);
  return { moved: sum("MOVED"), ask: sum("ASK") };
}

function unknown(): never {
  throw new Error("a slot that no master serves");
}
