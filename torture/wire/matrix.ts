import type { Provider } from "@sess/core";
import { type Bench, context, measure, pause } from "./bench.js";
import { type Cell, runCell, runConnecting } from "./cell.js";
import type { FaultKind } from "./faults.js";
import { LoopDelay } from "./loop-delay.js";
import { operations } from "./operations.js";
import { type Subject, unhurried } from "./subjects.js";

export interface Matrix {
  readonly cells: readonly Cell[];
  /** Sockets and timers of the process that remain after everything was closed. */
  readonly leaks: readonly string[];
}

/** Called with each cell as it is done. */
export type Progress = (cell: Cell) => void;

/** The private resources of one column of the matrix. */
interface Column {
  readonly direct: Provider;
  readonly run: (fault: FaultKind) => Promise<Cell>;
}

/** Every operation under each of the faults, `lanes` operations at a time. */
export async function runMatrix(
  subject: Subject,
  faults: readonly FaultKind[],
  lanes: number,
  progress: Progress = () => {},
): Promise<Matrix> {
  const before = resources();
  const delay = new LoopDelay();
  const bench: Bench = { subject, delay };
  const columns = await openColumns(bench);
  const cells: Cell[] = [];
  const jobs = faults.flatMap((fault) => columns.map((column) => () => column.run(fault)));
  // A column's cells share a table and run one after the other; the columns run side by side.
  const queues = columns.map((_, at) => jobs.filter((_job, index) => index % columns.length === at));
  const lane = async () => {
    for (let queue = queues.shift(); queue !== undefined; queue = queues.shift()) {
      for (const job of queue) {
        const cell = await job();
        cells.push(cell);
        progress(cell);
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  await Promise.all(columns.map(({ direct }) => direct.close()));
  delay.stop();
  return { cells, leaks: await leaksSince(before) };
}

async function openColumns(bench: Bench): Promise<Column[]> {
  const { subject } = bench;
  const columns: Column[] = [];
  for (const [index, operation] of [...operations, undefined].entries()) {
    const table = `c${index}`;
    const direct = await subject.connector(subject.port, table, unhurried).connect(context);
    const lengths = await measure(bench, table, direct, operation);
    const run = (fault: FaultKind) => {
      const place = { bench, fault, lengths, direct, table };
      return operation === undefined ? runConnecting(place) : runCell(place, operation);
    };
    columns.push({ direct, run });
  }
  return columns;
}

/** Sockets and timers that keep the process alive. */
export function resources(): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of process.getActiveResourcesInfo()) {
    if (/^(TCP|Timeout|TLS)/.test(name)) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** What exists in addition to before, after a second in which it could end. */
export async function leaksSince(before: ReadonlyMap<string, number>): Promise<string[]> {
  const grown = () =>
    [...resources()]
      .filter(([name, count]) => count > (before.get(name) ?? 0))
      .map(([name, count]) => `${count} ${name}`);
  for (let waits = 0; waits < 100 && grown().length > 0; waits++) await pause(10);
  return grown();
}
