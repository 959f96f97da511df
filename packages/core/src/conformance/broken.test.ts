import { describe, expect, test, vi } from "vitest";
import { type Broken, presentBroken } from "./broken/bench.js";
import { brokenProviders } from "./broken/index.js";
import { patience } from "./calls.js";
import { cases } from "./cases/index.js";
import { runPatiently } from "./run.js";

async function failuresOf(broken: Broken): Promise<string[]> {
  const options = presentBroken(broken);
  const limits = broken.hangs ? { ...patience, call: 2000, returning: 2000 } : patience;
  const failed: string[] = [];
  for (const one of cases) if ((await runPatiently(one, options, limits)).status === "failed") failed.push(one.id);
  return failed;
}

// Some never answer, and the kit waits for them.
vi.setConfig({ testTimeout: 120_000 });

describe("each broken provider fails the cases that are about what it breaks, and passes all others", () => {
  test.each(brokenProviders)("$name", async (broken) => {
    expect((await failuresOf(broken)).sort()).toEqual([...broken.fails].sort());
  });

  test("the same bench without an edit passes everything", async () => {
    expect(await failuresOf({ name: "sound", fails: [], edit: () => ({}) })).toEqual([]);
  });
});

test("no two broken providers have one name", () => {
  expect(new Set(brokenProviders.map(({ name }) => name)).size).toBe(brokenProviders.length);
});

test("every case is failed by a broken provider: one that nothing can fail proves nothing", () => {
  const failed = new Set(brokenProviders.flatMap(({ fails }) => fails));
  expect(cases.map(({ id }) => id).filter((id) => !failed.has(id))).toEqual([]);
});
