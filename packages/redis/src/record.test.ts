import type { SessionRecord } from "@sess/core";
import { expect, test } from "vitest";
import { decodeHeader, decodeRecord, encodeRecord, encodeTime, headerLimit, timesOffset } from "./record.js";

const key = "0123456789abcdef".repeat(4);
const plain: SessionRecord = { data: "{}", version: "v", expiresAt: 1_800_000_000_000 };

test.each<[name: string, record: SessionRecord]>([
  ["plain", plain],
  ["empty fields", { data: "", version: "", expiresAt: 0, owner: "", retired: "" }],
  ["owner and retired", { ...plain, owner: "o".repeat(64), retired: key }],
  [
    "hostile",
    { ...plain, data: "\0\r\n$-1\r\n \u{1F600} \uFEFF ü __proto__", version: "a\nb - 1", owner: "ö\u{1F600}" },
  ],
  ["what looks like a header", { ...plain, data: encodeRecord(key, plain, 0) }],
  ["times near the end", { ...plain, expiresAt: Number.MAX_SAFE_INTEGER }],
])("comes back as it went in: %s", (_name, record) => {
  const value = encodeRecord(key, record, 1_900_000_000_000);
  expect(decodeRecord(value)).toEqual({ key, record });
  expect(decodeHeader(value.slice(0, headerLimit))).toEqual({
    key,
    expiresAt: record.expiresAt,
    marker: record.retired !== undefined,
  });
});

test("the two times stand where the scripts rewrite them", () => {
  const value = encodeRecord(key, { ...plain, expiresAt: 1 }, 2);
  expect(value.slice(timesOffset, timesOffset + 33)).toBe("0000000000000001 0000000000000002");
  expect(encodeTime(1.2)).toBe("0000000000000002");
  expect(encodeTime(Number.POSITIVE_INFINITY)).toBe(String(Number.MAX_SAFE_INTEGER));
});

test("torn or foreign is nothing", () => {
  const value = encodeRecord(key, { ...plain, data: "größer" }, 0);
  for (const torn of ["", "{}", value.slice(0, -1), `${value}x`, value.slice(0, 90), ` ${value}`, "sess1 x"]) {
    expect(decodeRecord(torn)).toBeUndefined();
  }
});

test("a later layout is a typed error, not a session that is missing", () => {
  expect(() => decodeRecord("sess2 whatever")).toThrow(expect.objectContaining({ code: "SESS_ENVELOPE" }));
});
