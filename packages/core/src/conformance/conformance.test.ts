import { expect, test } from "vitest";
import { SessionError } from "../errors.js";
import { memory } from "../memory/memory.js";
import type { Provider } from "../provider.js";
import { openBroken, presentBroken } from "./broken/bench.js";
import { type ConformanceOptions, cases, conformance, type OpenOptions, rules, runCase } from "./index.js";
import { runPatiently } from "./run.js";

const sound = openBroken({ name: "sound", fails: [], edit: () => ({}) });

/** A runner that does no more than the kit may ask of it. */
async function run(options: ConformanceOptions, context?: unknown): Promise<Map<string, unknown>> {
  const tests: (readonly [name: string, fn: (context: unknown) => Promise<void>])[] = [];
  conformance((name, fn) => tests.push([name, fn]), options);
  const errors = new Map<string, unknown>();
  for (const [name, fn] of tests) {
    expect(fn).toHaveLength(0);
    errors.set(name, await fn(context).catch((error: unknown) => error));
  }
  return errors;
}

async function runCaseOf(id: string, open: ConformanceOptions["open"]) {
  const found = cases.find((one) => one.id === id);
  return found && runCase(found, { open });
}

async function withoutOptional(options: OpenOptions): Promise<Provider> {
  const { readMany, keys, keysOf, ...provider } = await sound(options);
  return { ...provider, count: () => Promise.reject(new SessionError("SESS_UNSUPPORTED", "it cannot count")) };
}

test("ids are unique, every case has a section of the guide, and every rule has a case", () => {
  expect(new Set(cases.map(({ id }) => id)).size).toBe(cases.length);
  for (const { guide, id } of cases) expect([guide, id].join()).toMatch(/^#[a-z-]+,[a-z-]+$/);
  expect(new Set(cases.map(({ rule }) => rule))).toEqual(new Set(Object.keys(rules)));
});

test("registers every case by rule, title and id, and a summary last", async () => {
  const names = [...(await run({ name: "mine", open: sound })).keys()];
  const [first] = cases;
  expect(names[0]).toBe(`mine: ${first?.rule} ${first?.title} [${first?.id}]`);
  expect(names).toHaveLength(cases.length + 1);
  expect(names.at(-1)).toBe("conformance: summary");
});

test("a failure names the rule, what was expected, what came, and what to read", async () => {
  const marked = openBroken({
    name: "keeps the first half",
    fails: [],
    edit: ({ real }) => ({ create: (key, record) => real.create(key, { ...record, data: record.data.slice(0, 2) }) }),
  });
  const found = cases.find(({ id }) => id === "data-lookalikes");
  const outcome = found && (await runCase(found, { open: marked }));
  expect(outcome?.status === "failed" && outcome.error.message.split("\n")).toEqual([
    "G6 is broken [data-lookalikes]: data that looks like a value, a query or an escape comes back as it was",
    "  at:       read after create: data",
    '  expected: 4 units, at 0: "null"',
    '  came:     2 units, at 0: "nu"',
    "  read:     @sess/core/docs/writing-a-provider.md#data",
  ]);
});

test("a rejection of the provider, or of open, is a failure of the case that met it", async () => {
  const cause = new TypeError("no such thing");
  for (const open of [async () => Promise.reject(cause), broken]) {
    const errors = await run({ open });
    const [first] = errors.values();
    expect(first).toMatchObject({ id: cases[0]?.id, rule: "G1", cause });
    expect(String(first)).toContain("TypeError: no such thing");
  }

  async function broken(options: OpenOptions): Promise<Provider> {
    return { ...(await sound(options)), create: () => Promise.reject(cause) };
  }
});

test("a call that rejects is named in the failure, with what it was given and its number", async () => {
  const edit = () => ({ touch: () => Promise.reject(new TypeError("no such thing")) });
  const outcome = await runCaseOf("touch-extends", openBroken({ name: "touch fails", fails: [], edit }));
  const lines = outcome?.status === "failed" ? outcome.error.message.split("\n") : [];
  expect(lines[1]).toMatch(/^ {2}at: {7}touch\("[0-9a-f]{8}\.\.\.", \d+, "v[0-9a-f]+\.\.\."\), call 3 of the case$/);
  expect(lines[3]).toBe("  came:     TypeError: no such thing");
});

test("a call that never settles fails its case, and is named", async () => {
  const edit = () => ({ touch: () => new Promise<never>(() => {}) });
  const found = cases.find(({ id }) => id === "touch-extends");
  const options = presentBroken({ name: "touch hangs", fails: [], edit });
  const outcome = found && (await runPatiently(found, options, { call: 200, long: 60_000, returning: 0 }));
  const lines = outcome?.status === "failed" ? outcome.error.message.split("\n") : [];
  expect(lines[1]).toMatch(/^ {2}at: {7}touch\(.*\), call 3 of the case$/);
  expect(lines.slice(2, 4)).toEqual(["  expected: an answer or a rejection", "  came:     nothing for 0.2 seconds"]);
});

test("a listing that never yields, or never ends when it is abandoned, fails its case", async () => {
  const never = new Promise<never>(() => {});
  const iterator = { next: () => Promise.resolve({ done: false as const, value: "" }), return: () => never };
  for (const keys of [{ next: () => never }, iterator].map((one) => ({ [Symbol.asyncIterator]: () => one }))) {
    const options = presentBroken({
      name: "keys hangs",
      fails: [],
      edit: () => ({}),
      client: () => ({ keys: () => keys }),
    });
    const found = cases.find(({ id }) => id === "keys-abandoned");
    const outcome = found && (await runPatiently(found, options, { call: 200, long: 60_000, returning: 0 }));
    expect(outcome?.status === "failed" && outcome.error.message).toMatch(/at: {7}(next key|end) of keys\(\), call \d/);
  }
});

test("what a provider cannot do is skipped by name, to the runner and in the table", async () => {
  const lines: string[] = [];
  const skips: string[] = [];
  const errors = await run(
    {
      open: withoutOptional,
      single: "one process",
      serverClock: "its own",
      uncounted: "no way to",
      log: (line) => lines.push(line),
    },
    { skip: (reason: string) => skips.push(reason) },
  );
  expect([...errors.values()].filter((error) => error !== undefined)).toEqual([]);
  const needy = cases.filter(({ needs }) => needs !== undefined);
  expect(skips).toHaveLength(needy.length);
  expect(new Set(skips)).toEqual(
    new Set([
      "single: one process",
      "serverClock: its own",
      "uncounted: no way to",
      "no outage was declared",
      "the provider has no readMany()",
      "the provider has no keys()",
      "the provider has no keysOf()",
    ]),
  );
  for (const { id, rule } of needy) expect(lines.join("\n")).toContain(`skipped ${rule} ${id}: `);
});

test("a runner may abort a skipped test by a throw, and its context may be a function, as with vitest", async () => {
  const abort = new Error("skipped");
  const skip = () => {
    throw abort;
  };
  const errors = await run(
    { open: sound, single: "one process" },
    Object.assign(() => {}, { skip }),
  );
  const aborted = [...errors.values()].filter((error) => error === abort).length;
  const skipped = cases.filter(({ needs }) => needs?.includes("shared") || needs?.includes("outage"));
  expect(aborted).toBe(skipped.length);
});

test("the table counts rule by rule, names what failed, and goes to the runner's context by default", async () => {
  const options = presentBroken({ name: "close stays open", fails: [], edit: () => ({ close: async () => {} }) });
  const lines: string[] = [];
  await run(options, { diagnostic: (line: string) => lines.push(line) });
  expect(lines[0]).toBe("rule  passed  failed  skipped  not run");
  expect(lines.slice(1, 12).map((line) => line.slice(0, 2))).toEqual(Object.keys(rules));
  expect(lines[10]).toBe("C3         5       1        0        0  close closes one handle");
  expect(lines.slice(12)).toEqual(["failed C3 closed-rejects"]);
});

test("cases stand alone: one by one, on one connector for all namespaces of a case", async () => {
  // The memory provider has no readMany.
  const lacking = (needs: readonly string[] = []) => needs.includes("outage") || needs.includes("readMany");
  const own = cases.filter(({ needs, rule }) => rule !== "G7" && !lacking(needs));
  for (const one of own.reverse()) {
    const connector = memory();
    const open = ({ now }: OpenOptions) => connector.connect({ now, contract: 1 });
    expect([one.id, (await runCase(one, { open })).status]).toEqual([one.id, "passed"]);
  }
});
