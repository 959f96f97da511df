import { describe, expect, test } from "vitest";
import { decodeBody, draftOf } from "./body.js";
import { largestBody, newBodyName } from "./label.js";

const key = "a1".repeat(32);
const record = { data: 'x\0\n{"é":"😀"}', version: "v1", expiresAt: 1000, owner: "0f".repeat(32) };

function stored(one: Parameters<typeof draftOf>[1] = record) {
  const { bytes, label } = draftOf(key, one);
  return { bytes, label: { ...label, body: newBodyName() } };
}

describe("a body", () => {
  test.each([
    ["a session", record],
    ["without owner", { data: "", version: "", expiresAt: 1 }],
    ["a marker", { ...record, retired: "" }],
    ["a marker that names a successor", { ...record, retired: "ff".repeat(32) }],
  ])("%s comes back as it was", (_, one) => {
    const { bytes, label } = stored(one);
    expect(decodeBody(bytes, key, label)).toEqual(one);
  });

  test("torn anywhere, or with any bit flipped, it is nothing", () => {
    const { bytes, label } = stored();
    for (let length = 0; length < bytes.length; length += 1) {
      expect(decodeBody(bytes.subarray(0, length), key, label)).toBeUndefined();
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(bytes.readUInt8(length) ^ 0x10, length);
      expect(decodeBody(flipped, key, label)).toBeUndefined();
    }
    expect(decodeBody(Buffer.concat([bytes, Buffer.from("x")]), key, label)).toBeUndefined();
    expect(decodeBody(Buffer.alloc(bytes.length), key, label)).toBeUndefined();
  });

  test("of another key, version or kind it is nothing: redis-py CVE-2023-28858", () => {
    const { bytes, label } = stored();
    expect(decodeBody(bytes, "b2".repeat(32), label)).toBeUndefined();
    expect(decodeBody(bytes, key, { ...label, version: "0".repeat(32) })).toBeUndefined();
    expect(decodeBody(bytes, key, { ...label, isMarker: true })).toBeUndefined();
  });

  test("of a later version of this package it is SESS_ENVELOPE, not nothing", () => {
    const { bytes, label } = stored();
    const later = Buffer.from(bytes.toString().replace("sess1", "sess2"));
    expect(() => decodeBody(later, key, label)).toThrow(expect.objectContaining({ code: "SESS_ENVELOPE" }));
  });

  test("has a largest size", () => {
    expect(() => stored({ ...record, data: "x".repeat(largestBody) })).toThrow(
      expect.objectContaining({ code: "SESS_TOO_LARGE" }),
    );
  });
});
