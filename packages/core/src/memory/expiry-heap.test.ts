import { expect, test } from "vitest";
import { ExpiryHeap } from "./expiry-heap.js";

class Item {
  place = 0;
  looks = 0;
  readonly #expiresAt: number;

  constructor(expiresAt: number) {
    this.#expiresAt = expiresAt;
  }

  get expiresAt(): number {
    this.looks += 1;
    return this.#expiresAt;
  }
}

function filled(...expiries: readonly number[]): ExpiryHeap<Item> {
  const heap = new ExpiryHeap<Item>();
  for (const expiresAt of expiries) heap.add(new Item(expiresAt));
  return heap;
}

function drain(heap: ExpiryHeap<Item>, until: number): number[] {
  const gone: number[] = [];
  for (let first = heap.first(); first !== undefined && first.expiresAt <= until; first = heap.first()) {
    heap.remove(first);
    gone.push(first.expiresAt);
  }
  return gone;
}

test("gives the expired in order and keeps the rest", () => {
  const heap = filled(5, 3, 9, 1, 7, 3);
  expect(drain(heap, 5)).toEqual([1, 3, 3, 5]);
  expect(heap.size).toBe(2);
  expect(drain(heap, 100)).toEqual([7, 9]);
  expect(heap.first()).toBeUndefined();
});

test("counts what expires at the time or before", () => {
  const heap = filled(5, 3, 9, 1, 7, 3);
  expect([0, 1, 3, 8, 9].map((time) => heap.countUntil(time))).toEqual([0, 1, 3, 5, 6]);
});

test("stays ordered through any mix of adding and removing", () => {
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  const heap = new ExpiryHeap<Item>();
  const inside: Item[] = [];
  for (let step = 0; step < 5000; step += 1) {
    const removed = random(5) < 2 ? inside.splice(random(inside.length), 1)[0] : undefined;
    if (removed !== undefined) heap.remove(removed);
    else inside.push(new Item(random(500)));
    const added = removed === undefined ? inside.at(-1) : undefined;
    if (added !== undefined) heap.add(added);
    const limit = random(500);
    expect(heap.countUntil(limit)).toBe(inside.filter((item) => item.expiresAt <= limit).length);
  }
  expect(drain(heap, 500)).toEqual(inside.map((item) => item.expiresAt).sort((a, b) => a - b));
});

test("counting looks at no item, however many have expired", () => {
  const items = Array.from({ length: 1000 }, (_, index) => new Item(index));
  const heap = new ExpiryHeap<Item>();
  for (const item of items) heap.add(item);
  for (const item of items) item.looks = 0;
  expect(heap.countUntil(899)).toBe(900);
  expect(items.filter((item) => item.looks > 0)).toEqual([]);
});

test("collecting 10 expired among 100,000 living looks at a few of the living only", () => {
  const heap = new ExpiryHeap<Item>();
  const living = Array.from({ length: 100_000 }, (_, index) => new Item(1000 + ((index * 7919) % 100_000)));
  for (const item of living) heap.add(item);
  for (let index = 0; index < 10; index += 1) heap.add(new Item(index));
  for (const item of living) item.looks = 0;

  expect(heap.countUntil(500)).toBe(10);
  expect(drain(heap, 500)).toHaveLength(10);
  const looked = living.filter((item) => item.looks > 0).length;
  expect(looked).toBeLessThan(10 * 2 * Math.log2(100_000) + 40);
});
