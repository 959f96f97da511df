import { describe, expect, test } from "vitest";
import { openBrokenTokens } from "./broken/bench.js";
import { brokenTokens } from "./broken/index.js";
import { runTokenCase, tokenCases } from "./index.js";

async function failuresOf(open: ReturnType<typeof openBrokenTokens>): Promise<string[]> {
  const failed: string[] = [];
  for (const one of tokenCases) {
    if ((await runTokenCase(one, { open, tokens: 3 })).status === "failed") failed.push(one.id);
  }
  return failed;
}

describe("each broken token provider fails the cases that are about what it breaks, and passes all others", () => {
  test.each(brokenTokens)("$name", async (broken) => {
    expect((await failuresOf(openBrokenTokens(broken))).sort()).toEqual([...broken.fails].sort());
  });

  test("the same bench without an edit passes everything", async () => {
    expect(await failuresOf(openBrokenTokens({ name: "sound", fails: [] }))).toEqual([]);
  });
});

test("no two broken token providers have one name", () => {
  expect(new Set(brokenTokens.map(({ name }) => name)).size).toBe(brokenTokens.length);
});

test("every case is failed by a broken token provider: one that nothing can fail proves nothing", () => {
  const failed = new Set(brokenTokens.flatMap(({ fails }) => fails));
  expect(tokenCases.map(({ id }) => id).filter((id) => !failed.has(id))).toEqual([]);
});
