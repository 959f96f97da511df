import { describe, expect, test } from "vitest";
import { digest, isBodyName, isLaterLabel, labelOf, nameOf, newBodyName, parseLabel, wholeTime } from "./label.js";

const record = { data: "", version: "any\0text/../é", expiresAt: 1_764_000_000_000, owner: "o".repeat(64) };

describe("a label", () => {
  test.each([
    ["a session", record],
    ["a session without owner", { data: "", version: "v", expiresAt: 1 }],
    ["a marker", { ...record, retired: "" }],
    ["a record that never expires", { ...record, expiresAt: Number.MAX_SAFE_INTEGER }],
  ])("of %s is read from its name", (_, one) => {
    const label = { ...labelOf(one, 16_777_216), body: newBodyName(), turn: 999_999_999 };
    const name = nameOf(label);
    expect(parseLabel(name)).toEqual(label);
    expect(name).toMatch(/^[0-9a-z-]+$/);
    expect(name.length).toBeLessThan(143);
    expect(isBodyName(label.body)).toBe(true);
  });

  test("is read from no other name", () => {
    const name = nameOf({ ...labelOf(record, 100), body: newBodyName() });
    for (const other of [
      "",
      "h1-",
      `${name}x`,
      ` ${name}`,
      name.toUpperCase(),
      name.replace("h1", "h2"),
      name.replace("-100-", "-99999999-"),
      name.replace("b-", "b/"),
      name.replace("-s-", "-x-"),
    ]) {
      expect(parseLabel(other)).toBeUndefined();
    }
    expect(isLaterLabel(name.replace("h1", "h2"))).toBe(true);
    expect(isLaterLabel(name)).toBe(false);
    expect(isLaterLabel("hello")).toBe(false);
  });

  test("tells versions apart that look alike, and holds none of them", () => {
    expect(digest("aB3dE")).not.toBe(digest("ab3de"));
    expect(nameOf({ ...labelOf(record, 1), body: newBodyName() })).not.toContain("o".repeat(10));
  });

  test("has whole milliseconds", () => {
    expect([1.2, -5, Number.NaN, Number.POSITIVE_INFINITY, 7].map(wholeTime)).toEqual([
      2,
      0,
      0,
      Number.MAX_SAFE_INTEGER,
      7,
    ]);
  });
});
