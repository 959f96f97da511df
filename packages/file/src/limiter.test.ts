import { expect, test } from "vitest";
import { Limiter } from "./limiter.js";

test("so many jobs at a time, in order, and one that fails makes room as well", async () => {
  const limiter = new Limiter(2);
  const started: number[] = [];
  const ends: ((fails: boolean) => void)[] = [];
  const jobs = [0, 1, 2, 3].map((index) =>
    limiter.run(() => {
      started.push(index);
      return new Promise<void>((resolve, reject) => {
        ends.push((fails) => (fails ? reject(new Error("failed")) : resolve()));
      });
    }),
  );
  const outcomes = Promise.allSettled(jobs);
  expect(started).toEqual([0, 1]);
  ends[0]?.(true);
  await expect(jobs[0]).rejects.toThrow("failed");
  expect(started).toEqual([0, 1, 2]);
  for (const index of [1, 2]) {
    ends[index]?.(false);
    await jobs[index];
  }
  expect(started).toEqual([0, 1, 2, 3]);
  ends[3]?.(false);
  await outcomes;
});
