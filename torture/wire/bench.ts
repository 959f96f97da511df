import type { Provider, ProviderContext } from "@sess/core";
import type { Lengths } from "./faults.js";
import type { LoopDelay } from "./loop-delay.js";
import { type Act, neighbours, newKey, type Operation, type Outcome, recordOf, type Wrong } from "./operations.js";
import { TcpProxy } from "./proxy.js";
import type { Subject } from "./subjects.js";

/** What the cells of one subject share. */
export interface Bench {
  readonly subject: Subject;
  readonly delay: LoopDelay;
}

/** One call: its outcome, its slowest wait, and how late the event loop was meanwhile, in milliseconds. */
export interface Call {
  readonly outcome: Outcome;
  readonly took: number;
  readonly delay: number;
}

/** Tolerance of a call beyond its deadline, in addition to what the event loop lost. */
const slack = 50;
/** After the fault, the next call must work within this time. */
export const recoveryBound = 2000;
/** A provider must close within this time. */
const closeBound = 1500;
/** Statements that a pool of three runs side by side. */
const sideBySide = [1, 2, 3];

export const context: ProviderContext = { now: Date.now, contract: 1 };
export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
export const untimed = <T>(wait: () => Promise<T>): Promise<T> => wait();

export function settled(work: Promise<unknown>): Promise<Outcome> {
  return work.then(
    (resolved): Outcome => ({ resolved }),
    (rejected: unknown): Outcome => ({ rejected }),
  );
}

/** Runs something, and times each of its waits. */
export async function call({ delay }: Bench, run: Act["run"], store: Provider): Promise<Call> {
  const slowest = { took: 0, delay: 0 };
  const timed = async <T>(wait: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    try {
      return await wait();
    } finally {
      const took = performance.now() - begun;
      if (took >= slowest.took) Object.assign(slowest, { took, delay: delay.since(begun) });
    }
  };
  return { outcome: await settled(run(store, timed)), ...slowest };
}

export function lateness({ took, delay }: Call, deadline: number): Wrong[] {
  if (took <= deadline + slack + delay) return [];
  return [{ what: `settled after ${took.toFixed(0)} ms, the event loop late by ${delay.toFixed(0)}` }];
}

/** Without a fault only a busy machine can make a call fail: then it is tried again. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (tries === 20) throw error;
      await pause(100);
    }
  }
}

/**
 * Runs the statements once on every connection of a pool, so that a fault hits the operation, and not its preparation.
 */
export async function warm(store: Provider, direct: Provider, operation: Operation): Promise<void> {
  for (const each of [operation, ...neighbours]) {
    const once = async () => (await each.prepare(direct)).run(store, untimed);
    await Promise.all(sideBySide.map(() => patiently(once)));
  }
}

/**
 * The number of bytes that an operation sends and receives on its connection; without an operation, those of
 * connecting.
 */
export async function measure(
  { subject }: Bench,
  table: string,
  direct: Provider,
  operation?: Operation,
): Promise<Lengths> {
  const proxy = new TcpProxy(subject.port);
  const connector = subject.connector(await proxy.listen(), table);
  const store = await patiently(() => connector.connect(context));
  const sent = () => [...proxy.wires].map((wire) => ({ ...wire.sent }));
  let before: Lengths[] = [];
  if (operation !== undefined) {
    await warm(store, direct, operation);
    const act = await operation.prepare(direct);
    before = sent();
    await patiently(() => act.run(store, untimed));
  }
  const after = sent();
  await store.close();
  await proxy.close();
  const grown = (side: "client" | "server") =>
    Math.max(...after.map((wire, at) => wire[side] - (before[at]?.[side] ?? 0)));
  return { client: grown("client"), server: grown("server") };
}

/** Milliseconds until a write and a read of it have succeeded, without the time that the event loop lost. */
export async function recover({ delay }: Bench, store: Provider): Promise<number> {
  const begun = performance.now();
  const passed = () => performance.now() - begun - delay.since(begun);
  while (passed() <= recoveryBound) {
    try {
      const key = newKey();
      await store.create(key, recordOf(key));
      if ((await store.read(key))?.data.startsWith(key)) break;
    } catch {
      await pause(5);
    }
  }
  return passed();
}

export function lateRecovery(recovery: number): Wrong[] {
  return recovery > recoveryBound ? [{ what: `not back within ${recoveryBound} ms after the fault` }] : [];
}

/** Closes in time, and leaves no connection. */
export async function closing(store: Provider, proxy: TcpProxy): Promise<Wrong[]> {
  const begun = performance.now();
  await store.close();
  const took = performance.now() - begun;
  const wrong = took > closeBound ? [{ what: `close took ${took.toFixed(0)} ms` }] : [];
  while (proxy.wires.size > 0 && performance.now() - begun < closeBound + 500) await pause(5);
  if (proxy.wires.size > 0) wrong.push({ what: `leak: ${proxy.wires.size} connections after close` });
  await proxy.close();
  return wrong;
}
