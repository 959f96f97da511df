import { NoAnswer } from "@sess/core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { MysqlConnection } from "./pool.js";
import { Trust } from "./trust.js";

let now = 0;
beforeEach(() => {
  now = 1000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

/** What mysql2/promise gives: each time another wrapper of the connection itself. */
function wrap(core: object): MysqlConnection {
  return { connection: core, execute: () => Promise.reject(), release() {}, destroy() {} } as MysqlConnection;
}

function pair() {
  const trust = new Trust();
  const [one, other] = [{}, {}];
  expect([trust.accepts(wrap(one)), trust.accepts(wrap(other))]).toEqual([true, true]);
  return { trust, one, other };
}

const readOnly = Object.assign(new Error("x"), { errno: 1290, sqlState: "HY000" });
const lost = Object.assign(new Error("x"), { code: "ECONNRESET", errno: -104 });

test.each([
  ["is not answered", new NoAnswer()],
  ["loses its connection", lost],
])("a statement that %s is held against those that were silent since it was sent", (_what, error) => {
  const { trust, one, other } = pair();
  now = 2000;
  trust.failed(wrap(one), error, 1500);
  expect(trust.accepts(wrap(other))).toBe(false);
  expect(trust.accepts(wrap({}))).toBe(true);
});

test("and not against one that answered since, if only with an error", () => {
  const { trust, one, other } = pair();
  now = 1600;
  trust.failed(wrap(other), Object.assign(new Error("x"), { errno: 1062, sqlState: "23000" }), 1550);
  now = 2000;
  trust.failed(wrap(one), new NoAnswer(), 1500);
  expect(trust.accepts(wrap(other))).toBe(true);
});

test("the answer of a read-only server is held against all that were there, whatever they answer", () => {
  const { trust, one, other } = pair();
  now = 2000;
  trust.failed(wrap(one), readOnly, 1500);
  now = 2100;
  trust.heard(wrap(other));
  expect(trust.accepts(wrap(other))).toBe(false);
  expect(trust.accepts(wrap({}))).toBe(true);
});

test("refusals that follow each other are held against all of them twice a second at the most, and none is forgotten", () => {
  const { trust, one } = pair();
  const [second, third] = [{}, {}];
  now = 2000;
  trust.failed(wrap(one), readOnly, 1990);
  now = 2010;
  expect([trust.accepts(wrap(second)), trust.accepts(wrap(third))]).toEqual([true, true]);
  now = 2020;
  trust.failed(wrap(second), readOnly, 2015);
  now = 2400;
  expect(trust.accepts(wrap(third))).toBe(true);
  now = 2600;
  expect(trust.accepts(wrap(third))).toBe(false);
});

test("a refusal of another kind is held against nobody", () => {
  const { trust, one, other } = pair();
  now = 2000;
  trust.failed(wrap(one), Object.assign(new Error("x"), { errno: 1142, sqlState: "42000" }), 1500);
  expect([trust.accepts(wrap(one)), trust.accepts(wrap(other))]).toEqual([true, true]);
});
