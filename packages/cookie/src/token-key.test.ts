import { expect, test } from "vitest";
import { prefixLength, tokenKey } from "./token-key.js";

const names = { cookieName: "sid", namespace: "shop" };
const random = () => crypto.getRandomValues(new Uint8Array(32));

test("the format does not move: a key, its id and what is bound are these", () => {
  const { head, prefix, bound } = tokenKey(Buffer.alloc(32, 7), names);
  expect(head.toString("base64url")).toBe(prefix);
  expect([prefix, bound.toString()]).toEqual(["ASBAREh2", 'sess/cookie\nASBAREh25:"sid"6:"shop"']);
});

test("a prefix is the version and the key's id, the same in every process, and not the key", () => {
  const [one, two] = [random(), random()];
  expect(tokenKey(one, names).prefix).toHaveLength(prefixLength);
  expect(tokenKey(one, names).prefix).toBe(tokenKey(Uint8Array.from(one), { cookieName: "x", namespace: "y" }).prefix);
  expect(tokenKey(one, names).prefix).not.toBe(tokenKey(two, names).prefix);
  expect(Buffer.from(tokenKey(one, names).prefix, "base64url").readUInt8(0)).toBe(1);
});

test("a longer key counts to its last byte", () => {
  const long = Buffer.concat([random(), random()]);
  expect(tokenKey(long, names).prefix).not.toBe(tokenKey(long.subarray(0, 63), names).prefix);
});
