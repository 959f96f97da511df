import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { isId, newId, ownerKey, randomToken, sessionKey } from "./ids.js";

const sha256 = (bytes: readonly number[]) => createHash("sha256").update(Uint8Array.from(bytes)).digest("hex");
const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));

describe("sessionKey and ownerKey", () => {
  it("hash tag, newline, byte length, colon, namespace and id, as bytes", () => {
    const bytes = [...ascii("sess/session/1"), 0x0a, 0x34, 0x3a, ...ascii('"ns"'), ...ascii('"id"')];
    expect(sessionKey("ns", "id")).toBe(sha256(bytes));
    const euro = [0xe2, 0x82, 0xac];
    const owner = [...ascii("sess/owner/1"), 0x0a, 0x35, 0x3a, 0x22, ...euro, 0x22, 0x22, ...euro, 0x22];
    expect(ownerKey("€", "€")).toBe(sha256(owner));
  });

  it("have golden values: a change of them logs everybody out", () => {
    expect(sessionKey("gosessionid", "abc")).toBe("72f931e290977a03428828d47e532c46d2ec7cadb3b12db4ff4fe04928a4845c");
    expect(ownerKey("gosessionid", "ada")).toBe("e75c8b08df5b9c677b79d0a9511918bbec7a03edcf141f58f57733349d76931f");
  });

  it("cannot collide by moving the boundary between namespace and id", () => {
    const parts = ["", "a", "b", "aa", "ab", '"', '""', '"a', 'a"', "\\", '3:"a"', "\n", ":", "1", "1:"];
    const keys = new Set<string>();
    for (const namespace of parts) {
      for (const text of parts) keys.add(sessionKey(namespace, text)).add(ownerKey(namespace, text));
    }
    expect(keys.size).toBe(2 * parts.length ** 2);
  });

  it("tell lone surrogates from U+FFFD, from each other, and from their escapes", () => {
    const owners = ["\ufffd", "\ud800", "\udfff", "\ud801", "\\ud800", "\ud83d\ude00", "\ude00\ud83d"];
    expect(new Set(owners.map((owner) => ownerKey("n", owner))).size).toBe(owners.length);
    expect(new Set(owners.map((namespace) => sessionKey(namespace, "x"))).size).toBe(owners.length);
  });

  it("are 64 lowercase hexadecimal digits", () => {
    expect(sessionKey("n", "../../etc/passwd")).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("randomToken", () => {
  it("has the length asked for, in base64url", () => {
    for (const bytes of [1, 2, 3, 16, 32, 64, 4095, 4096]) {
      const token = randomToken(bytes);
      expect(token).toMatch(/^[\w-]+$/);
      expect(Buffer.from(token, "base64url").length).toBe(bytes);
    }
  });

  it("never repeats, across many refills of its pool", () => {
    const windows = new Set<string>();
    const rounds = 20_000;
    for (let round = 0; round < rounds; round++) {
      const bytes = Buffer.from(randomToken(round % 2 === 0 ? 32 : 24), "base64url");
      windows.add(bytes.toString("hex", 0, 12)).add(bytes.toString("hex", 12, 24));
    }
    expect(windows.size).toBe(2 * rounds);
  });

  it("gives every bit, evenly", () => {
    const ones = new Array<number>(64).fill(0);
    const rounds = 4000;
    for (let round = 0; round < rounds; round++) {
      const bytes = Buffer.from(randomToken(8), "base64url");
      for (let bit = 0; bit < 64; bit++) ones[bit] = (ones[bit] ?? 0) + (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1);
    }
    // Ten standard deviations: fails for a stuck or biased bit, not by chance.
    for (const count of ones) expect(Math.abs(count - rounds / 2)).toBeLessThan(10 * (Math.sqrt(rounds) / 2));
  });

  it.each([0, -1, 1.5, Number.NaN, 4097])("refuses %d bytes", (bytes) => {
    expect(() => randomToken(bytes)).toThrow(expect.objectContaining({ code: "SESS_CONFIG" }));
  });
});

describe("isId", () => {
  const shape = { bytes: 32, prefix: "web." };

  it("takes every new id, of every size", () => {
    for (let bytes = 16; bytes <= 64; bytes++) {
      for (const prefix of ["", "web."]) expect(isId({ bytes, prefix }, newId({ bytes, prefix }))).toBe(true);
    }
  });

  it("refuses an id with any one character changed to one outside the alphabet", () => {
    const id = newId(shape);
    const bad = ["+", "/", "=", ".", " ", "\0", "\n", "%", "é", "\u0141", "\ud800", "\uff21", "@", "[", "`", "{", ":"];
    for (let at = 0; at < id.length; at++) {
      for (const unit of bad) {
        const text = id.slice(0, at) + unit + id.slice(at + 1);
        expect(isId(shape, text), JSON.stringify(text)).toBe(text === id);
      }
    }
  });

  it("refuses other lengths and prefixes", () => {
    const id = newId(shape);
    for (const text of [
      "",
      "web.",
      id.slice(0, -1),
      `${id}A`,
      `${id}\n`,
      id.slice(4),
      `Web.${id.slice(4)}`,
      `${id};`,
    ]) {
      expect(isId(shape, text)).toBe(false);
    }
    expect(isId({ bytes: 16, prefix: "" }, "../../../etc/passwd")).toBe(false);
    expect(isId({ bytes: 32, prefix: "" }, newId({ bytes: 33, prefix: "" }))).toBe(false);
  });
});
