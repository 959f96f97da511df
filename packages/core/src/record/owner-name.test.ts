import { expect, test } from "vitest";
import { openOwnerName, resealOwnerName, sealOwnerName } from "./owner-name.js";

const [id, other] = ["a".repeat(43), "b".repeat(43)];

test.each(["ada", "", "grüße", "\ud800", "x".repeat(5000)])("a name is readable with its id alone: %#", (name) => {
  const sealed = sealOwnerName(id, name);
  expect(openOwnerName(id, sealed)).toBe(name);
  expect(openOwnerName(other, sealed)).toBeUndefined();
  expect(sealed).toMatch(/^[\w-]+$/);
});

test("what was sealed twice is not the same, and what was altered or cut is nothing", () => {
  const sealed = sealOwnerName(id, "ada");
  expect(sealOwnerName(id, "ada")).not.toBe(sealed);
  const bytes = Buffer.from(sealed, "base64url");
  for (let index = 0; index < bytes.length; index++) {
    const altered = Buffer.from(bytes);
    altered[index] = (altered[index] ?? 0) ^ 1;
    expect(openOwnerName(id, altered.toString("base64url"))).toBeUndefined();
    expect(openOwnerName(id, bytes.subarray(0, index).toString("base64url"))).toBeUndefined();
  }
});

test("sealed anew for another id, it is readable with that one", () => {
  const moved = resealOwnerName(sealOwnerName(id, "ada"), id, other) ?? "";
  expect([openOwnerName(other, moved), openOwnerName(id, moved)]).toEqual(["ada", undefined]);
  expect(resealOwnerName("rubbish", id, other)).toBeUndefined();
});
