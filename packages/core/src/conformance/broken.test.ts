import { describe, expect, test } from "vitest";
import { openBroken } from "./broken/bench.js";
import { brokenProviders } from "./broken/index.js";
import { cases } from "./cases/index.js";
import { runCase } from "./run.js";

async function failuresOf(open: ReturnType<typeof openBroken>): Promise<string[]> {
  const failed: string[] = [];
  for (const one of cases) if ((await runCase(one, { open })).status === "failed") failed.push(one.id);
  return failed;
}

describe("each broken provider fails the cases that are about what it breaks, and passes all others", () => {
  test.each(brokenProviders)("$name", async (broken) => {
    expect((await failuresOf(openBroken(broken))).sort()).toEqual([...broken.fails].sort());
  });

  test("the same bench without an edit passes everything", async () => {
    expect(await failuresOf(openBroken({ name: "sound", fails: [], edit: () => ({}) }))).toEqual([]);
  });
});

test("no two broken providers have one name", () => {
  expect(new Set(brokenProviders.map(({ name }) => name)).size).toBe(brokenProviders.length);
});

test("every case is failed by a broken provider: one that nothing can fail proves nothing", () => {
  const failed = new Set(brokenProviders.flatMap(({ fails }) => fails));
  expect(cases.map(({ id }) => id).filter((id) => !failed.has(id))).toEqual([]);
});
