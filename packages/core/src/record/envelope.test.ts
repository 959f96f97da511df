import { describe, expect, test } from "vitest";
import { decodeEnvelope, encodeEnvelope } from "./envelope.js";
import type { StoredSession } from "./stored-session.js";

const plain: StoredSession = {
  version: "v",
  expiresAt: 1_800_000_000_000,
  owner: undefined,
  ownerName: undefined,
  retired: undefined,
  created: 1_790_000_000_000,
  saved: 1_790_000_000_001.5,
  lifetime: undefined,
  absolute: Number.POSITIVE_INFINITY,
  recentWrites: [],
  handle: undefined,
  schemaVersion: undefined,
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
  { ...plain, owner: "o".repeat(64), ownerName: "sealed-_", handle: "h".repeat(22), schemaVersion: 3 },
  { ...plain, created: 0.25, saved: 5e-324, absolute: 0.5 },
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

describe("a header that is damaged is no session", () => {
  const intact = { e: 1, c: 1, s: 1, p: [["n", "b", 1]], f: [["a", 1]] };
  const opened = (header: object | string, texts = "1") => {
    const line = typeof header === "string" ? header : JSON.stringify(header);
    return decodeEnvelope({ data: `${line}\n${texts}`, version: "v", expiresAt: 1 });
  };
  const numbers = ["-1", '"x"', "1e300", "null", "[]", "{}", "true"];
  const damages: string[] = [
    ...["c", "s", "a"].flatMap((key) => numbers.map((text) => [key, text])),
    ...["0", "0.5", ...numbers].map((text) => ["l", text]),
    ...["5", "{}", "[1]", "null"].map((text) => ["o", text]),
    ...["5", "null", "{}", '"a"', "[null]", "[{}]", '["a"]', "[[]]", '[["a"]]', '[["a",-1],["b",2]]'].map((text) => [
      "f",
      text,
    ]),
    ...['[["a","1"]]', "[[7,1]]", '[["a",0.5],["b",0.5]]', '[["a",1,1]]', '[["a",0],["a",1]]'].map((text) => [
      "f",
      text,
    ]),
    ...["5", "null", "{}", "[null]", "[[]]", '[["n","b"]]', '[["n","b","x"]]', '[["n","b",1e300]]', '[[1,"b",1]]'].map(
      (text) => ["p", text],
    ),
    ...["-1", "0", "1.5", "1e300", '"1"', "null", "[]"].map((text) => ["e", text]),
  ].map(([key, text]) => {
    const { [key as "e"]: _, ...rest } = intact;
    return JSON.stringify(rest).replace("{", `{"${key}":${text},`);
  });

  test("what is not damaged opens", () => {
    expect(opened(intact)?.fields).toEqual(new Map([["a", "1"]]));
    expect(opened({ e: 1, p: [] }, "")).toMatchObject({ created: 0, saved: 0, lifetime: undefined });
  });

  test.each(damages)("%s", (header) => {
    expect(opened(header)).toBe(undefined);
  });

  test("nor does it reach what the header does not mention", () => {
    for (const header of ["", "null", "[]", "1", '"x"', '{"e":1', '{"p":[]}'])
      expect(opened(header, "")).toBe(undefined);
  });

  test("an intact header of another version is an error, whatever else is in it", () => {
    for (const header of ['{"e":2}', '{"e":7,"f":5,"l":-1}']) {
      expect(() => opened(header)).toThrow(expect.objectContaining({ code: "SESS_ENVELOPE" }));
    }
  });
});
