import { expect, test } from "vitest";
import { codeOf } from "../../test-support/stage.js";
import { limits } from "../limits.js";
import { BoundedCalls } from "./bounded.js";
import { Deadline } from "./deadline.js";
import { KeyQueues, Waiting } from "./key-queue.js";

const calls = new BoundedCalls();
let now = 0;
const deadline = () => new Deadline({ calls, now: () => now });
/** One whose time is over before what waits by it begins. */
function passed(): Deadline {
  const one = deadline();
  now += limits.operation;
  return one;
}

/** Queues whose members are settled when that is asked for. */
function queues() {
  const batches: (() => void)[] = [];
  const all = new KeyQueues<Waiting<string>>(
    calls,
    (_, members) =>
      new Promise((resolve) => {
        batches.push(() => {
          for (const member of members) member.resolve("done");
          resolve();
        });
      }),
  );
  const add = (until: Deadline) =>
    new Promise<string>((resolve, reject) => all.add("key", new Waiting(calls, until, resolve, reject)));
  const alone = (until: Deadline) => all.runExclusive("key", async () => "done", until);
  return { all, batches, add, alone };
}

test.each(["add", "alone"] as const)("a queue whose first job comes too late is forgotten: %s", async (how) => {
  const { all, batches, ...asks } = queues();
  expect(await codeOf(asks[how](passed()))).toBe("SESS_UNAVAILABLE");
  // Else whoever waits until nothing is busy would wait for ever, and have nothing to wait for.
  expect([all.busy, batches.length]).toEqual([false, 0]);
  await all.settled();
  expect(await asks.alone(deadline())).toBe("done");
  await all.settled();
  expect(all.busy).toBe(false);
});

test.each(["add", "alone"] as const)("nor does one that comes too late behind others keep it busy: %s", async (how) => {
  const { all, batches, ...asks } = queues();
  const first = asks.add(deadline());
  const late = codeOf(asks[how](passed()));
  expect(all.busy).toBe(true);
  batches[0]?.();
  expect([await first, await late]).toEqual(["done", "SESS_UNAVAILABLE"]);
  await all.settled();
  expect([all.busy, batches.length]).toEqual([false, 1]);
});
