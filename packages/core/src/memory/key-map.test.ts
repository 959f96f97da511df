import { expect, test } from "vitest";
import { KeyMap } from "./key-map.js";

/** Spread over the parts as hashes are. */
const key = (number: number) => ((number * 0x9e3779b1) >>> 0).toString(16).padStart(8, "0");
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, index) => from + index);

function filled(count: number): KeyMap<number> {
  const map = new KeyMap<number>();
  for (const number of numbers(count)) map.set(key(number), number);
  return map;
}

test("keeps one value for each key", () => {
  const map = filled(3000);
  for (const number of numbers(1000)) map.set(key(number), -number);
  for (const number of numbers(1000, 1000)) map.delete(key(number));
  map.delete("ff");
  expect(map.get(key(7))).toBe(-7);
  expect(map.get(key(1007))).toBeUndefined();
  expect(map.get(key(2007))).toBe(2007);
  expect([...map.values()].length).toBe(2000);
});

test("values are listed while others are added and removed, and the listing ends", () => {
  const map = filled(2000);
  const seen: number[] = [];
  for (const value of map.values()) {
    seen.push(value);
    map.delete(key(2000 + seen.length - 1));
    map.set(key(2000 + seen.length), 2000 + seen.length);
    if (value % 2 === 1) map.delete(key(value));
    else map.set(key(value), value);
  }
  expect(seen.length).toBeLessThan(4500);
  expect(new Set(seen).size).toBe(seen.length);
  const stayed = numbers(2000).filter((number) => number % 2 === 0);
  expect(seen).toEqual(expect.arrayContaining(stayed));
});
