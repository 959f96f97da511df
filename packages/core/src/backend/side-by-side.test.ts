import { expect, test } from "vitest";
import { sideBySide } from "./side-by-side.js";

async function* numbers(count: number, taken: number[] = []): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) {
    taken.push(n);
    yield n;
  }
}

/** Work that is held until it is let go. */
function held() {
  const waiting: { n: number; go: () => void; fail: (error: Error) => void }[] = [];
  const work = (n: number) => new Promise<void>((go, fail) => waiting.push({ n, go, fail }));
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  return { waiting, work, settled };
}

test("so many are under way at a time, and no more are taken before one is done", async () => {
  const { waiting, work, settled } = held();
  const taken: number[] = [];
  const all = sideBySide(numbers(10, taken), 4, work);
  await settled();
  expect([waiting.length, taken.length]).toEqual([4, 4]);
  waiting[2]?.go();
  await settled();
  expect([waiting.length, taken.length]).toEqual([5, 5]);
  for (let n = 0; n < 10; n++) {
    waiting[n]?.go();
    await settled();
  }
  await all;
  expect(waiting.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("an error comes when what was begun has settled, and nothing is begun after it", async () => {
  const { waiting, work, settled } = held();
  let rejected = false;
  const all = sideBySide(numbers(10), 3, work).catch((error: Error) => {
    rejected = true;
    return error.message;
  });
  await settled();
  waiting[1]?.fail(new Error("the first"));
  await settled();
  expect([waiting.length, rejected]).toEqual([3, false]);
  waiting[0]?.fail(new Error("the second"));
  waiting[2]?.go();
  expect(await all).toBe("the first");
  expect(waiting).toHaveLength(3);
});

test("where the list fails, what was begun settles first", async () => {
  const { waiting, work, settled } = held();
  async function* failing(): AsyncGenerator<number> {
    yield 1;
    throw new Error("the list");
  }
  let rejected = false;
  const all = sideBySide(failing(), 3, work).catch((error: Error) => {
    rejected = true;
    return error.message;
  });
  await settled();
  expect([waiting.length, rejected]).toEqual([1, false]);
  waiting[0]?.go();
  expect(await all).toBe("the list");
});
