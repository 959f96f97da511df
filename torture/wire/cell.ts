import type { Provider, StoreConnector } from "@sess/core";
import {
  type Bench,
  type Call,
  call,
  closing,
  context,
  lateness,
  lateRecovery,
  patiently,
  pause,
  recover,
  settled,
  untimed,
  warm,
} from "./bench.js";
import type { FaultKind, Lengths } from "./faults.js";
import { type Act, neighbours, type Operation, rejectedRightly, type Wrong } from "./operations.js";
import { TcpProxy } from "./proxy.js";

/** The outcome of one operation under one fault. */
export interface Cell {
  readonly operation: string;
  readonly fault: string;
  /** Of the operation itself. */
  readonly settled: "resolved" | "rejected";
  /** The operation itself, and the slowest of all the calls in the cell, in milliseconds. */
  readonly took: number;
  readonly slowest: number;
  /** How late the event loop ran a timer meanwhile. */
  readonly loopDelay: number;
  readonly calls: number;
  /** From the end of the fault until a read and a write had succeeded. */
  readonly recovery: number;
  readonly wrong: readonly Wrong[];
}

/** An operation's place in the matrix. */
export interface Place {
  readonly bench: Bench;
  readonly fault: FaultKind;
  readonly lengths: Lengths;
  /** Untouched by any fault. */
  readonly direct: Provider;
  readonly table: string;
}

interface Done {
  readonly act: Act;
  readonly call: Call;
}

/** One operation, and its neighbours with other keys on the same connections, under one fault. */
export async function runCell(place: Place, operation: Operation): Promise<Cell> {
  const { bench, fault, lengths, direct, table } = place;
  const proxy = new TcpProxy(bench.subject.port);
  const connector = bench.subject.connector(await proxy.listen(), table);
  const store = await patiently(() => connector.connect(context));
  await warm(store, direct, operation);
  // The operation runs first, so that its bytes are the first that the fault counts.
  const acts = await Promise.all([operation, ...neighbours].map((each) => each.prepare(direct)));
  const begun = performance.now();
  await proxy.begin(fault.make(lengths, false));
  const done = await Promise.all(
    acts.map(async (act): Promise<Done> => ({ act, call: await call(bench, act.run, store) })),
  );
  done.push(...(await goOn(bench, store, direct, begun + (fault.lasts ?? 0))));
  await proxy.lift();
  const recovery = await recover(bench, store);
  const wrong = [...(await judge(done, place)), ...lateRecovery(recovery), ...(await closing(store, proxy))];
  return cellOf(operation.name, place, begun, done, recovery, wrong);
}

/** Connecting under a fault. */
export async function runConnecting(place: Place): Promise<Cell> {
  const { bench, fault, lengths, direct, table } = place;
  const proxy = new TcpProxy(bench.subject.port);
  const connector = bench.subject.connector(await proxy.listen(), table);
  const begun = performance.now();
  await proxy.begin(fault.make(lengths, true));
  const { act, opened } = connecting(connector);
  const done = [{ act, call: await call(bench, act.run, direct) }];
  await pause(begun + (fault.lasts ?? 0) - performance.now());
  await proxy.lift();
  const lifted = performance.now();
  const store = opened[0] ?? (await patiently(() => connector.connect(context)));
  const connected = performance.now() - lifted;
  const recovery = connected + (await recover(bench, store));
  const wrong = [...(await judge(done, place)), ...lateRecovery(recovery), ...(await closing(store, proxy))];
  return cellOf("connect", place, begun, done, recovery, wrong);
}

/** Connecting as an operation; the provider that it opened is put into the array. */
function connecting(connector: StoreConnector): { readonly act: Act; readonly opened: readonly Provider[] } {
  const opened: Provider[] = [];
  const act: Act = {
    run: (_, timed) => timed(async () => opened.push(await connector.connect(context))),
    judge: async (outcome, direct) => {
      const [store] = opened;
      const read = await neighbours[0]?.prepare(direct);
      if (store === undefined || read === undefined) return rejectedRightly(outcome);
      return read.judge(await settled(read.run(store, untimed)), direct);
    },
  };
  return { act, opened };
}

/** The neighbours go on until an instant. */
async function goOn(bench: Bench, store: Provider, direct: Provider, until: number): Promise<Done[]> {
  const done: Done[] = [];
  while (performance.now() < until) {
    const acts = await Promise.all(neighbours.map((each) => each.prepare(direct)));
    const calls = acts.map(async (act): Promise<Done> => ({ act, call: await call(bench, act.run, store) }));
    done.push(...(await Promise.all(calls)));
    await pause(20);
  }
  return done;
}

async function judge(done: readonly Done[], { bench, direct }: Place): Promise<Wrong[]> {
  const wrong = done.flatMap(({ call }) => lateness(call, bench.subject.deadline));
  for (const { act, call } of done) wrong.push(...(await act.judge(call.outcome, direct)));
  return wrong;
}

function cellOf(
  operation: string,
  { bench, fault }: Place,
  begun: number,
  done: readonly Done[],
  recovery: number,
  wrong: readonly Wrong[],
): Cell {
  const [own] = done;
  return {
    operation,
    fault: fault.name,
    settled: own !== undefined && "resolved" in own.call.outcome ? "resolved" : "rejected",
    took: own?.call.took ?? 0,
    slowest: Math.max(...done.map(({ call }) => call.took)),
    loopDelay: bench.delay.since(begun),
    calls: done.length,
    recovery,
    wrong,
  };
}
