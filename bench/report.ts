import type { Contender, Group } from "./contenders.js";
import { type Quartiles, quartiles, ratios } from "./statistics.js";

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
export function table(measured: readonly Measured[], groups: readonly Group[], settings: object): string {
  const lines = ["", ...Object.entries(settings).map(([name, value]) => `- ${name}: ${value}`), ""];
  lines.push("| group | data | load | requests/s (median) | ours / floor | ours / best peer | goal |");
  lines.push("|---|---|---|---|---|---|---|");
  for (const rows of byLoad(measured)) {
    const [first] = rows;
    const ours = rows.find(({ role }) => role === "ours");
    if (first === undefined || ours === undefined) continue;
    const group = groups.find(({ name }) => name === first.group);
    const floor = rows.find(({ role }) => role === "floor");
    const peer = best(rows.filter(({ role }) => role === "peer"));
    const [overFloor, overPeer] = [floor, peer].map((row) => row && ratios(ours.perSecond, row.perSecond));
    const rates = rows.map(({ name, perSecond }) => `${name} ${thousands(quartiles(perSecond).median)}`).join(", ");
    const write = first.load.startsWith("write");
    const goals = [
      verdict(overFloor, write ? group?.goals.write : group?.goals.read),
      verdict(overPeer, write ? group?.goals.peerWrite : group?.goals.peerRead),
    ];
    const cells = [first.group, `${first.size} B`, first.load, rates, shown(overFloor), shown(overPeer, peer?.name)];
    lines.push(`| ${[...cells, goals.filter(Boolean).join(", ")].join(" | ")} |`);
  }
  return lines.join("\n");
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

function verdict(ratio: Quartiles | undefined, goal: number | undefined): string {
  if (ratio === undefined || goal === undefined) return "";
  return `${ratio.lower >= goal ? "reached" : "**short of**"} ${goal}`;
}

function shown(ratio: Quartiles | undefined, whom?: string): string {
  if (ratio === undefined) return "";
  const text = `${ratio.median.toFixed(2)} (${ratio.lower.toFixed(2)} to ${ratio.upper.toFixed(2)})`;
  return whom === undefined ? text : `${text} ${whom}`;
}

function thousands(value: number): string {
  return value >= 10_000 ? `${(value / 1000).toFixed(1)} k` : value.toFixed(0);
}
