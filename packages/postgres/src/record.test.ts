import type { SessionRecord } from "@sess/core";
import { expect, test } from "vitest";
import { columnsOf, encode, recordOf } from "./record.js";

/** As a row of the table comes back. */
const row = (record: SessionRecord) => {
  const [version, expires, owner, retired, data] = columnsOf(record);
  return { key: "00", version, expires: String(expires), owner, retired, data };
};

test.each([
  "",
  '{"user":"ada"}',
  "a\0b",
  "\0",
  "\ud800",
  "\udc00\ud800 \u{1f600}",
  "\u0001",
  '\u0001"a"',
  "\ufeffa",
  "\u0001\0\ud800\ufeff",
])("any text comes back unit for unit, from a column that holds only UTF-8 without NUL: %j", (text) => {
  const record = { data: text, version: text, owner: text, retired: text, expiresAt: 1.5 };
  expect(recordOf(row(record))).toEqual(record);
  for (const column of columnsOf(record)) {
    if (typeof column !== "string") continue;
    expect(Buffer.from(column).toString()).toBe(column);
    expect(column).not.toContain("\0");
    expect(column.startsWith("\ufeff")).toBe(false);
  }
});

test("what is usual is stored as it is, for people to read", () => {
  expect(encode('{"user":"ada \u00e9 \u{1f600}"}')).toBe('{"user":"ada \u00e9 \u{1f600}"}');
});

test("a record without owner is one without owner", () => {
  const record = { data: "x", version: "v", expiresAt: Number.POSITIVE_INFINITY };
  expect(recordOf(row(record))).toEqual(record);
});

test.each([{ data: "\u0001{" }, { data: null }, { version: 7 }, { owner: "\u0001" }])(
  "what is no text of ours is no record: %j",
  (column) => {
    expect(recordOf({ ...row({ data: "x", version: "v", expiresAt: 1 }), ...column })).toBeUndefined();
  },
);
