import type { TokenProvider } from "@sess/core";
import { afterEach, describe, expect, test, vi } from "vitest";
import { cookie } from "./provider.js";
import { Scratch } from "./scratch.js";

// What the profile of the conformance kit does not know: this format, and numbers of our own.

afterEach(() => {
  vi.restoreAllMocks();
});

const key = Uint8Array.from({ length: 32 }, (_, index) => (index * 37) ^ 0x5a);
const base = { contract: 1, cookieName: "sid", namespace: "shop" } as const;
const record = { data: "d\u00e9t\u{1f680}", version: "v".repeat(43), expiresAt: 2e12 };

function open(now: () => number = () => 1e12): Promise<TokenProvider> {
  return cookie({ keys: [key] }).connect({ ...base, now });
}

test("a token of the first release is opened for as long as there are tokens", async () => {
  const token =
    "AXVnuYRtJtHg-7GxGa8jjQCG06PZnSEMs5PwXqRR5ROBHdgxu1WfH1MdB_g7Aud2-8pkw--kS0eqDxA14wH8Nf4RMP2RLqKfT00ZlpsBSjK1-1eNKjr_KspErXI1sHfGX8kYXh5gsg3XdbslMWVka31dzfNC";
  expect((await open()).open(token)).toEqual(record);
});

test("a token is 88 characters longer than its data and version in base64url", async () => {
  const provider = await open();
  for (const size of [0, 1, 2, 3, 100, 1000]) {
    const bytes = size + record.version.length + 20 + 24 + 16;
    expect(provider.seal({ ...record, data: "x".repeat(size) })).toHaveLength(8 + Math.ceil((bytes * 4) / 3));
  }
});

describe("times", () => {
  test("a minute of skew is borne, and not a millisecond more", async () => {
    const [ahead, here] = [await open(() => 1e12 + 60_000), await open()];
    expect(here.open(ahead.seal(record))).toEqual(record);
    const tooFar = await open(() => 1e12 + 60_001);
    expect(here.open(tooFar.seal(record))).toBe(undefined);
  });

  test("any number that a clock gives is kept exactly; what is none is nothing", async () => {
    let now = 0;
    const provider = await open(() => now);
    for (const expiresAt of [1, 0.1 + 0.2, 1e12 + 0.125, Number.MAX_SAFE_INTEGER, Number.POSITIVE_INFINITY]) {
      expect(provider.open(provider.seal({ ...record, expiresAt }))).toEqual({ ...record, expiresAt });
    }
    expect(provider.open(provider.seal({ ...record, expiresAt: Number.NaN }))).toBe(undefined);
    const token = provider.seal(record);
    now = Number.NaN;
    expect(provider.open(token)).toBe(undefined);
    expect(provider.open(provider.seal(record))).toBe(undefined);
  });
});

describe("calls that follow each other", () => {
  const other = { ...record, data: "o".repeat(9000), version: "w".repeat(43) };

  test("leave each other's records and tokens as they are, short, long, and too long for any cookie", async () => {
    const provider = await open();
    const records = [0, 1, 3000, 3010, 4000, 4096, 9000, 100_000].map((size) => ({
      ...record,
      data: "x".repeat(size),
    }));
    const tokens = records.map((each) => provider.seal(each));
    const opened = [...tokens.entries()].reverse().map(([index, token]) => [index, provider.open(token)] as const);
    provider.seal(other);
    for (const [index, found] of opened) expect(found).toEqual(records[index]);
  });

  test("give nothing to a text that decodes to less than it should: no byte of an earlier token stands in", async () => {
    const provider = await open();
    const token = provider.seal(record);
    const shorter = [token.slice(0, -1), token.slice(0, -4), `${token.slice(0, -1)}=`, `${token.slice(0, -2)} =`];
    const within = [30, 100].map((at) => `${token.slice(0, at)} ${token.slice(at + 1)}`);
    for (const text of [...shorter, ...within, token.slice(0, 8), `${token}AAAA`, `${token}=`]) {
      expect(provider.open(token)).toEqual(record);
      expect(provider.open(text)).toBe(undefined);
    }
  });
});

test("of what was sealed nothing stays in the memory it was sealed from", async () => {
  const provider = await open();
  const take = vi.spyOn(Scratch.prototype, "take");
  for (const size of [12, 1200, 4020, 9000]) provider.seal({ ...record, data: "secret".repeat(size / 6) });
  const pieces = take.mock.results.map(({ value }) => value as Buffer);
  expect(pieces).toHaveLength(8);
  for (const { buffer } of pieces) expect(Buffer.from(buffer).includes("secret")).toBe(false);
});

test("the same key twice is refused: which of them was meant to seal?", async () => {
  const twice = cookie({ keys: [key, Buffer.from(key).toString("hex")] });
  await expect(twice.connect({ ...base, now: Date.now })).rejects.toMatchObject({ code: "SESS_CONFIG" });
});

test("closed, it is neither nobody nor anybody: a typed error", async () => {
  const provider = await open();
  const token = provider.seal(record);
  await provider.close();
  const closed = expect.objectContaining({ code: "SESS_CLOSED" });
  expect(() => provider.open(token)).toThrow(closed);
  expect(() => provider.open("x")).toThrow(closed);
  expect(() => provider.seal(record)).toThrow(closed);
});
