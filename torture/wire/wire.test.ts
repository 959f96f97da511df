import { describe, expect, test } from "vitest";
import { fewFaults } from "./faults.js";
import { type Increments, increments } from "./increments.js";
import { runMatrix } from "./matrix.js";
import { totalsOf, violationsOf } from "./report.js";
import { openSubject, subjectNames } from "./subjects.js";

// The short form of main.ts: one fault of each kind, and two of them for increments through the Manager.

const lengths = { client: 700, server: 60 };
const forIncrements = ["reset: reply 0", "half a reply, silence"];

describe.each(subjectNames)("a network that fails: %s", (name) => {
  test("each call settles in time and truthfully, nobody gets another's record, nothing is left open", {
    timeout: 120_000,
  }, async (context) => {
    let reason = "";
    const subject = await openSubject(name, (line) => {
      reason = line;
    });
    if (subject === undefined) {
      expect(process.env.CI, reason).toBe(undefined);
      return context.skip(reason);
    }
    try {
      // The writers run at the same time as the matrix: a fault in one proxy does not affect the others.
      const counted: Promise<Increments>[] = fewFaults
        .filter((fault) => forIncrements.includes(fault.name))
        .map((fault) => increments(subject, fault, lengths, 3));
      const all = await Promise.all(counted);
      const matrix = await runMatrix(subject, fewFaults, 11);
      expect(violationsOf(matrix, all)).toEqual([]);
      const totals = totalsOf(matrix, all);
      expect(totals).toMatchObject({ cells: fewFaults.length * 11, doubled: 0, lost: 0, foreign: 0, leaks: 0 });
      expect(all.every(({ acknowledged }) => acknowledged > 0)).toBe(true);
    } finally {
      await subject.stop();
    }
  });
});
