import { createManager } from "@sess/core";
import { patiently, pause } from "./bench.js";
import type { FaultKind, Lengths } from "./faults.js";
import { TcpProxy } from "./proxy.js";
import { type Subject, unhurried } from "./subjects.js";
import { type Account, account, type Fields, Visitor } from "./visitor.js";

/** The outcomes of increments through the public Manager under one fault that came and went several times. */
export interface Increments extends Account {
  readonly fault: string;
}

const visitors = 6;
/** Concurrent requests of a visitor. */
const requests = 3;

/** Turns a fault on and off `bursts` times while visitors increment, and then checks what is stored. */
export async function increments(
  subject: Subject,
  fault: FaultKind,
  lengths: Lengths,
  bursts: number,
): Promise<Increments> {
  const proxy = new TcpProxy(subject.port);
  const namespace = `m${Math.random().toString(36).slice(2, 10)}`;
  const config = { namespace: "increments" };
  const connector = subject.connector(await proxy.listen(), namespace);
  const manager = await patiently(() => createManager<Fields>(connector, config));
  const direct = await createManager<Fields>(subject.connector(subject.port, namespace, unhurried), config);
  const names = Array.from({ length: visitors }, (_, index) => `visitor-${index}`);
  const all = await Promise.all(names.map((name) => Visitor.arrive(direct, name)));
  let running = true;
  const crowd = all.flatMap((visitor) =>
    Array.from({ length: requests }, async () => {
      while (running) {
        await visitor.request(manager);
        await pause(10);
      }
    }),
  );
  for (let burst = 0; burst < bursts; burst++) {
    await pause(60 + burst * 7);
    await proxy.begin(fault.make(lengths, burst % 2 === 1));
    await pause(Math.max(subject.deadline + 100, fault.lasts ?? 0));
    await proxy.lift();
    await pause(subject.deadline);
  }
  running = false;
  await Promise.all(crowd);
  await manager.close();
  const result = { fault: fault.name, ...(await account(direct, all)) };
  await direct.close();
  const left = proxy.wires.size;
  await proxy.close();
  const stale = result.stale === 0 ? [] : [`${result.stale} loads were stale`];
  const leaks = left === 0 ? [] : [`leak: ${left} connections after close`];
  return { ...result, wrong: [...result.wrong, ...stale, ...leaks] };
}
