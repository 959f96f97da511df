import { expect, test } from "vitest";
import { nonceBytes, tagBytes, Xaes } from "./xaes.js";

const nonce = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWX");
const text = Buffer.from("XAES-256-GCM");
const seal = (cipher: Xaes, ...what: Parameters<Xaes["seal"]>) => Buffer.concat(cipher.seal(...what));

// The two vectors of c2sp.org/XAES-256-GCM: with these keys CMAC's doubling does and does not overflow.
test.each([
  [1, "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"],
  [3, "c2sp.org/XAES-256-GCM", "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d"],
])("the specification's vector with a key of %i", (byte, bound, expected) => {
  const cipher = new Xaes(Buffer.alloc(32, byte));
  const sealed = seal(cipher, nonce, text, Buffer.from(bound));
  expect(sealed.toString("hex")).toBe(expected);
  expect(cipher.open(nonce, sealed, Buffer.from(bound))).toEqual(text);
});

test("whatever differs, nothing is opened", () => {
  const cipher = new Xaes(Buffer.alloc(32, 1));
  const bound = Buffer.from("bound");
  const sealed = seal(cipher, nonce, text, bound);
  expect(new Xaes(Buffer.alloc(32, 2)).open(nonce, sealed, bound)).toBe(undefined);
  expect(cipher.open(nonce, sealed, Buffer.from("other"))).toBe(undefined);
  for (let at = 0; at < nonceBytes; at++) {
    const other = Buffer.from(nonce);
    other.writeUInt8(other.readUInt8(at) ^ 1, at);
    expect(cipher.open(other, sealed, bound)).toBe(undefined);
  }
  for (let length = 0; length < sealed.length; length++) {
    expect(cipher.open(nonce, sealed.subarray(0, length), bound)).toBe(undefined);
  }
  expect(cipher.open(nonce, sealed.subarray(-tagBytes), bound)).toBe(undefined);
});

test("no text is a text", () => {
  const cipher = new Xaes(Buffer.alloc(32, 1));
  const none = Buffer.alloc(0);
  expect(cipher.open(nonce, seal(cipher, nonce, none, none), none)).toEqual(none);
});

test("one object serves for any number of nonces, in any order", () => {
  const [one, two] = [new Xaes(Buffer.alloc(32, 1)), new Xaes(Buffer.alloc(32, 1))];
  const nonces = Array.from({ length: 50 }, (_, index) => Buffer.alloc(nonceBytes, index));
  const sealed = nonces.map((each) => seal(one, each, text, text));
  for (const [index, each] of [...nonces.entries()].reverse()) {
    expect(two.open(each, sealed[index] ?? text, text)).toEqual(text);
  }
});
