import type { Contender, Group } from "./contenders.js";
import { shown, table, verdict } from "./markdown.js";
import { quartiles, ratios } from "./statistics.js";

/** One contender under one load. */
export interface Measured {
  readonly group: string;
  readonly load: string;
  /** Characters of data in each session. */
  readonly size: number;
  readonly name: string;
  readonly role: Contender["role"];
  /** Requests per second, of each round. */
  readonly perSecond: readonly number[];
}

/** Everything as Markdown: rates, ratios with their quartiles, and whether a goal was reached. */
export function report(measured: readonly Measured[], groups: readonly Group[], settings: object): string {
  const head = ["group", "data", "load", "requests/s (median)", "ours / floor", "ours / best peer", "goal"];
  const rows = byLoad(measured)
    .map((set) => line(set, groups))
    .filter((cells) => cells !== undefined);
  return ["", ...Object.entries(settings).map(([name, value]) => `- ${name}: ${value}`), "", table(head, rows)].join(
    "\n",
  );
}

function line(set: readonly Measured[], groups: readonly Group[]): string[] | undefined {
  const [first] = set;
  const ours = set.find(({ role }) => role === "ours");
  if (first === undefined || ours === undefined) return undefined;
  const goals = groups.find(({ name }) => name === first.group)?.goals;
  const isWrite = first.load.startsWith("write");
  const peer = best(set.filter(({ role }) => role === "peer"));
  const compared = [
    { with: set.find(({ role }) => role === "floor"), goal: isWrite ? goals?.write : goals?.read, name: "" },
    { with: peer, goal: isWrite ? goals?.peerWrite : goals?.peerRead, name: peer?.name ?? "" },
  ].map(({ with: other, goal, name }) => {
    if (other === undefined) return { shown: "", verdict: "" };
    const ratio = ratios(ours.perSecond, other.perSecond);
    return { shown: `${shown(ratio)} ${name}`.trim(), verdict: goal === undefined ? "" : verdict(ratio, goal) };
  });
  const rates = set.map(({ name, perSecond }) => `${name} ${thousands(quartiles(perSecond).median)}`).join(", ");
  const verdicts = compared
    .map((each) => each.verdict)
    .filter(Boolean)
    .join(", ");
  return [first.group, `${first.size} B`, first.load, rates, ...compared.map((each) => each.shown), verdicts];
}

/** The rows of one group, size and load together. */
export function byLoad(measured: readonly Measured[]): Measured[][] {
  const sets = new Map<string, Measured[]>();
  for (const row of measured) {
    const key = `${row.group}/${row.size}/${row.load}`;
    sets.set(key, [...(sets.get(key) ?? []), row]);
  }
  return [...sets.values()];
}

function best(peers: readonly Measured[]): Measured | undefined {
  const rate = ({ perSecond }: Measured) => quartiles(perSecond).median;
  return peers.toSorted((a, b) => rate(b) - rate(a))[0];
}

function thousands(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(1)} k` : value.toFixed(0);
}
