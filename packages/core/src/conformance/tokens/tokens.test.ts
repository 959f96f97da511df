import { expect, test } from "vitest";
import type { TokenProvider } from "../../provider.js";
import { openBrokenTokens } from "./broken/bench.js";
import {
  runTokenCase,
  type TokenConformanceOptions,
  type TokenOpenOptions,
  tokenCases,
  tokenConformance,
  tokenRules,
} from "./index.js";

const sound = openBrokenTokens({ name: "sound", fails: [] });

/** A runner that does no more than the profile may ask of it. */
async function run(options: TokenConformanceOptions): Promise<Map<string, unknown>> {
  const tests: (readonly [name: string, fn: () => Promise<void>])[] = [];
  tokenConformance((name, fn) => tests.push([name, fn]), options);
  const errors = new Map<string, unknown>();
  for (const [name, fn] of tests) {
    expect(fn).toHaveLength(0);
    errors.set(name, await fn().catch((error: unknown) => error));
  }
  return errors;
}

test("ids are unique, every case has a section of the guide, and every rule has a case", () => {
  expect(new Set(tokenCases.map(({ id }) => id)).size).toBe(tokenCases.length);
  for (const { guide, id } of tokenCases) expect([guide, id].join()).toMatch(/^#[a-z-]+,token-[a-z-]+$/);
  expect(new Set(tokenCases.map(({ rule }) => rule))).toEqual(new Set(Object.keys(tokenRules)));
});

test("registers every case by rule, title and id; a sound provider passes them all", async () => {
  const errors = await run({ name: "mine", open: sound, tokens: 2 });
  const [first] = tokenCases;
  expect([...errors.keys()][0]).toBe(`mine: ${first?.rule} ${first?.title} [${first?.id}]`);
  expect(errors.size).toBe(tokenCases.length);
  expect([...errors.values()].filter((error) => error !== undefined)).toEqual([]);
});

test("a failure names the rule, what was expected, what came, and what to read", async () => {
  const open = openBrokenTokens({ name: "late", fails: [], recipe: () => ({ accepts: () => true }) });
  const found = tokenCases.find(({ id }) => id === "token-replayed");
  const outcome = found && (await runTokenCase(found, { open }));
  expect(outcome?.status === "failed" && outcome.error.message.split("\n")).toEqual([
    "G5 is broken [token-replayed]: a token that was replaced ends at its own expiry, though its session goes on",
    "  at:       open of the earlier token at its expiry",
    "  expected: undefined",
    expect.stringMatching(/^ {2}came: {5}\{"data":"data of v[\da-f]+","version":"v[\da-f]+","expiresAt":\d+\}$/),
    "  read:     @sess/core/docs/writing-a-token-provider.md#tokens",
  ]);
});

test("an error of the provider, or of open, is a failure of the case that met it", async () => {
  const cause = new TypeError("no such thing");
  for (const open of [async () => Promise.reject(cause), broken]) {
    const [first] = (await run({ open, tokens: 1 })).values();
    expect(first).toMatchObject({ id: tokenCases[0]?.id, rule: "G6", cause });
    expect(String(first)).toContain("TypeError: no such thing");
  }

  async function broken(options: TokenOpenOptions): Promise<TokenProvider> {
    const provider = await sound(options);
    return {
      ...provider,
      open() {
        throw cause;
      },
    };
  }
});
