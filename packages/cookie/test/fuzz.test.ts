import { expect, test } from "vitest";
import { cookieValues } from "../../core/src/http/cookies.js";
import { bench, fuzzHeaders, fuzzTokens } from "../torture/run.js";

// The short form of torture/fuzz.ts.

const clean = { accepted: 0, crashes: 0, findings: [] };
const seed = 20_250_601;

test("the bench's own tokens are good: what is altered was worth altering", async () => {
  const { provider, tokens } = await bench();
  for (const token of tokens) expect(provider.open(token)).not.toBe(undefined);
});

test("20,000 random and altered tokens: none is accepted, none throws", { timeout: 60_000 }, async () => {
  expect(await fuzzTokens(20_000, seed, () => {})).toMatchObject(clean);
});

test("100,000 Cookie headers: none throws, none holds a session", { timeout: 60_000 }, async () => {
  const figures = await fuzzHeaders(cookieValues, 100_000, seed, () => {});
  expect(figures).toMatchObject(clean);
  expect(figures.values).toBeGreaterThan(10_000);
});
