import { expect, test } from "vitest";
import { newNonce } from "./nonces.js";
import { nonceBytes } from "./xaes.js";

test("nonces are of the length and all differ, and later ones leave the earlier as they were", () => {
  const nonces = Array.from({ length: 1000 }, newNonce);
  expect(new Set(nonces.map(({ length }) => length))).toEqual(new Set([nonceBytes]));
  expect(new Set(nonces.map((nonce) => nonce.toString("hex"))).size).toBe(nonces.length);
});

test("every byte of one is random", () => {
  const nonces = Array.from({ length: 1000 }, newNonce);
  for (let at = 0; at < nonceBytes; at++) {
    // Of 1,000 random bytes about 251 values are there; fewer than 200 would be a miracle.
    expect(new Set(nonces.map((nonce) => nonce[at])).size).toBeGreaterThan(200);
  }
});
