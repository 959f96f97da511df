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
  /** Microseconds of the server's CPU for a request, of each round. */
  readonly cpu: readonly number[];
}

const head = ["group", "data", "load", "requests/s (median)", "CPU, us (lower quartile)"];
const ratioHead = ["added CPU, ours / floor", "requests/s, ours / floor", "ours / best peer", "goal"];

/** Everything as Markdown: rates and CPU, ratios with their quartiles, and whether a goal was reached. */
export function report(measured: readonly Measured[], groups: readonly Group[], settings: object): string {
  const rows = byLoad(measured)
    .map((set) => line(set, groups))
    .filter((cells) => cells !== undefined);
  const said = Object.entries(settings).map(([name, value]) => `- ${name}: ${value}`);
  return ["", ...said, "", table([...head, ...ratioHead], rows)].join("\n");
}

function line(set: readonly Measured[], groups: readonly Group[]): string[] | undefined {
  const of = (role: Measured["role"]) => set.filter((each) => each.role === role);
  const [ours] = of("ours");
  if (ours === undefined) return undefined;
  const goals = groups.find(({ name }) => name === ours.group)?.goals ?? {};
  const goal = (pair: readonly [number, number] = [0, 0]) => pair[ours.load.startsWith("write") ? 1 : 0];
  const [bare] = of("bare");
  const [floor] = of("floor");
  const peer = best(of("peer"));
  const added = bare && floor && addedCpu(ours) / addedCpu(floor);
  const compared = [
    { ratio: floor && ratios(ours.perSecond, floor.perSecond), goal: goal(goals.floor), name: "" },
    { ratio: peer && ratios(ours.perSecond, peer.perSecond), goal: goal(goals.peer), name: peer?.name ?? "" },
  ];
  const verdicts = compared.flatMap(({ ratio, goal }) => (ratio && goal ? [verdict(ratio, goal)] : []));
  const most = goal(goals.added);
  if (added !== undefined && most) verdicts.unshift(`${added <= most ? "reached" : "**short of**"} ${most}`);
  const rates = set.map(({ name, perSecond }) => `${name} ${thousands(quartiles(perSecond).median)}`).join(", ");
  return [
    ours.group,
    `${ours.size} B`,
    ours.load,
    rates,
    set.map(cpuText).join(", "),
    added?.toFixed(1) ?? "",
    ...compared.map(({ ratio, name }) => (ratio === undefined ? "" : `${shown(ratio)} ${name}`.trim())),
    verdicts.join(", "),
  ];

  /** Over the same server without a session. */
  function addedCpu({ cpu }: Measured): number {
    return quartiles(cpu).lower - quartiles(bare?.cpu ?? []).lower;
  }

  function cpuText(each: Measured): string {
    const { lower } = quartiles(each.cpu);
    const more = bare === undefined || each === bare ? "" : ` (+${addedCpu(each).toFixed(1)})`;
    return `${each.name} ${lower.toFixed(1)}${more}`;
  }
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
