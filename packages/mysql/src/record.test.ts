import { expect, test } from "vitest";
import { decodeRecord, encodeKey, encodeRecord, encodeTime } from "./record.js";

const record = { data: "é\0\u{1f469}\ufeff", version: "v", expiresAt: 1_800_000_000_123 };
const roundTrip = (one: typeof record & { readonly owner?: string; readonly retired?: string }) =>
  decodeRecord([encodeKey("00".repeat(32)), ...encodeRecord(one, 1e6)]);

test("a record comes back as it went in; what is absent stays absent, what is empty stays empty", () => {
  for (const rest of [{}, { owner: "" }, { retired: "" }, { owner: "o", retired: "r" }]) {
    expect(roundTrip({ ...record, ...rest })).toStrictEqual({ ...record, ...rest });
  }
});

test("a row that is none of ours is no record", () => {
  const [key, version, expires, owner, retired, data] = [
    Buffer.alloc(32),
    Buffer.from("v"),
    1,
    null,
    null,
    Buffer.alloc(0),
  ];
  expect(decodeRecord([key, version, expires, owner, retired, data])).toBeDefined();
  expect(decodeRecord([key, version, expires, owner, retired, Buffer.from([0xff])])).toBeUndefined();
  expect(decodeRecord([key, Buffer.from([0xc3]), expires, owner, retired, data])).toBeUndefined();
  expect(decodeRecord([key, version, "soon", owner, retired, data])).toBeUndefined();
  expect(decodeRecord([key, version, expires, "text", retired, data])).toBeUndefined();
  expect(decodeRecord([key])).toBeUndefined();
});

test("times are whole, not negative, and safe", () => {
  expect([1.2, -1, Number.POSITIVE_INFINITY, 5].map(encodeTime)).toEqual([2, 0, Number.MAX_SAFE_INTEGER, 5]);
});

test("what a packet or a column has no room for is refused", () => {
  const tooLarge = expect.objectContaining({ code: "SESS_TOO_LARGE" });
  expect(() => encodeRecord({ ...record, data: "x".repeat(10_000) }, 10_000)).toThrow(tooLarge);
  // A unit of UTF-16 may be three bytes.
  expect(() => encodeRecord({ ...record, data: "\u20ac".repeat(4000) }, 10_000)).toThrow(tooLarge);
  for (const field of ["version", "owner", "retired"]) {
    expect(() => encodeRecord({ ...record, [field]: "x".repeat(256) }, 1e6)).toThrow(tooLarge);
    expect(() => encodeRecord({ ...record, [field]: "x".repeat(255) }, 1e6)).not.toThrow();
  }
});
