import type { Cell } from "./cell.js";
import type { Increments } from "./increments.js";
import type { Matrix } from "./matrix.js";
import { operations } from "./operations.js";

/** The table operation x fault: how the operation settled (+ resolved, - rejected) and the slowest call of the cell. */
export function tableOf({ cells }: Matrix): string {
  const names = [...operations.map(({ name }) => name), "connect"];
  const faults = [...new Set(cells.map(({ fault }) => fault))];
  const at = new Map(cells.map((cell) => [`${cell.operation}/${cell.fault}`, cell]));
  const head = ["fault \\ operation", ...names];
  const rows = faults.map((fault) => [fault, ...names.map((operation) => textOf(at.get(`${operation}/${fault}`)))]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function textOf(cell: Cell | undefined): string {
  if (cell === undefined) return "";
  const sign = cell.settled === "resolved" ? "+" : "-";
  return `${cell.wrong.length > 0 ? "!" : ""}${sign}${Math.round(cell.took)}/${Math.round(cell.slowest)}`;
}

/** The increments of each fault. */
export function incrementsOf(all: readonly Increments[]): string {
  return all
    .map(({ fault, acknowledged, unknown, written, doubled, lost, foreign, loads, failedLoads }) =>
      [
        fault.padEnd(24),
        `acknowledged ${acknowledged}, unknown ${unknown} (${written} of them written), doubled ${doubled}, lost ${lost}, `,
        `foreign ${foreign}; loads ${loads}, failed ${failedLoads}`,
      ].join(""),
    )
    .join("\n");
}

export interface Totals {
  readonly cells: number;
  readonly calls: number;
  readonly doubled: number;
  readonly lost: number;
  readonly foreign: number;
  readonly leaks: number;
  readonly slowest: number;
  readonly loopDelay: number;
  readonly recovery: number;
}

export function totalsOf({ cells, leaks }: Matrix, all: readonly Increments[]): Totals {
  const sum = (of: (each: Increments) => number) => all.reduce((total, each) => total + of(each), 0);
  const wrong = cells.flatMap((cell) => cell.wrong);
  const most = (of: (cell: Cell) => number) => Math.round(Math.max(0, ...cells.map(of)));
  return {
    cells: cells.length,
    calls: cells.reduce((total, cell) => total + cell.calls, 0),
    doubled: sum(({ doubled }) => doubled),
    lost: sum(({ lost }) => lost),
    foreign: sum(({ foreign }) => foreign) + wrong.filter(({ foreign }) => foreign).length,
    leaks: leaks.length + wrong.filter(({ what }) => what.startsWith("leak")).length,
    slowest: most(({ slowest }) => slowest),
    loopDelay: most(({ loopDelay }) => loopDelay),
    recovery: most(({ recovery }) => recovery),
  };
}

/** Every violation, once, with its number of occurrences. */
export function violationsOf({ cells, leaks }: Matrix, all: readonly Increments[]): string[] {
  const found = [
    ...cells.flatMap(({ operation, fault, wrong }) => wrong.map(({ what }) => `${operation}, ${fault}: ${what}`)),
    ...leaks.map((leak) => `leak: ${leak}`),
    ...all.flatMap(({ fault, doubled, lost, foreign, wrong }) => [
      ...(doubled + lost + foreign > 0
        ? [`increments, ${fault}: ${doubled} doubled, ${lost} lost, ${foreign} foreign`]
        : []),
      ...wrong.map((what) => `increments, ${fault}: ${what}`),
    ]),
  ];
  const counts = new Map<string, number>();
  for (const each of found) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].map(([what, count]) => (count === 1 ? what : `${what} (${count} times)`));
}
