import { expect, test } from "vitest";
import { decodeEnvelope, encodeEnvelope, type StoredSession } from "./stored-session.js";

const plain: StoredSession = {
  version: "v",
  expiresAt: 1_800_000_000_000,
  owner: undefined,
  retired: undefined,
  created: 1_790_000_000_000,
  saved: 1_790_000_000_001.5,
  lifetime: undefined,
  absolute: Number.POSITIVE_INFINITY,
  recentWrites: [],
  fields: new Map(),
};
const headerOf = ({ data }: { readonly data: string }) => data.slice(0, data.indexOf("\n"));

const awkward = [
  "",
  "n",
  'quo"te',
  "back\\slash",
  "line\nbreak",
  "\u2028",
  "\ud800",
  "__proto__",
  "grüße",
  '"],["x",0',
];
const knowns: readonly StoredSession[] = [
  plain,
  { ...plain, lifetime: 60_000, absolute: 1_900_000_000_000 },
  { ...plain, created: 0.25, saved: 1e21, absolute: -0.5 },
  { ...plain, retired: "", created: 0, saved: 0 },
  { ...plain, retired: "k".repeat(64), created: 0, saved: 0, recentWrites: [["n", "b", 1]] },
  { ...plain, recentWrites: awkward.map((text, time) => [text, text, time] as const) },
  { ...plain, fields: new Map(awkward.map((name) => [name, JSON.stringify(name)])) },
];

test.each(knowns)("what is sealed opens as it was, and its header is the JSON of what is in it: %#", (stored) => {
  const record = encodeEnvelope(stored);
  expect(decodeEnvelope(record)).toEqual(stored);
  expect(JSON.stringify(JSON.parse(headerOf(record)))).toBe(headerOf(record));
});

test("the header has its keys in one order, and leaves out what there is not", () => {
  const fields = new Map([
    ["user", '"ada"'],
    ["n", "1"],
  ]);
  const known = {
    ...plain,
    saved: 7,
    lifetime: 8,
    absolute: 9,
    fields,
    recentWrites: [["nonce", "batch", 7]] as const,
  };
  expect(encodeEnvelope(known).data).toBe(
    '{"e":1,"c":1790000000000,"s":7,"l":8,"a":9,"p":[["nonce","batch",7]],"f":[["user",5],["n",1]]}\n"ada"1',
  );
  expect(encodeEnvelope({ ...plain, retired: "" }).data).toBe('{"e":1,"p":[]}\n');
});
