import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { decode } from "./decode.js";
import { encode, MAX_DEPTH } from "./encode.js";

/** Seeded and small (mulberry32): the same values on every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

type Below = (below: number) => number;
const names = ["a", "b", "$", "v", "", "__proto__", "constructor", "toJSON", "7", "0", "\0", "\ud800", "😀", "\u2028"];
const pick = <T>(below: Below, items: readonly T[]): T => items[below(items.length)] as T;

function leaf(below: Below): unknown {
  const numbers = [0, -0, 1, -1.5, 1e21, 5e-324, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const texts = [...names, "\udc00x", '"$"', '{"$":"Date","v":0}', "Date", "\\u0024", "x".repeat(2000)];
  return pick(below, [
    () => pick(below, numbers),
    () => pick(below, texts),
    () => pick(below, [true, false, null, undefined]),
    () => pick(below, [0n, -1n, 2n ** 200n]),
    () => new Date(pick(below, [0, -1, 8.64e15, Number.NaN, 1_700_000_000_000])),
    () => Uint8Array.from({ length: below(5) }, () => below(256)),
  ])();
}

function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

function generate(below: Below, depth: number): unknown {
  if (depth === 0 || below(3) === 0) return leaf(below);
  const size = below(5);
  const child = () => generate(below, depth - 1);
  const many = Array.from({ length: size }, child);
  if (below(4) === 0) return many;
  if (below(5) === 0) return new Set(many);
  if (below(5) === 0) return new Map(many.map((value) => [child(), value]));
  const object: object = below(4) === 0 ? Object.create(null) : {};
  for (const value of many) define(object, pick(below, names), value);
  return object;
}

/** Identical but for identity: prototypes, -0, key and insertion order, and nothing but plain data properties. */
function same(left: unknown, right: unknown): boolean {
  if (typeof left !== "object" || left === null || typeof right !== "object" || right === null) {
    return Object.is(left, right);
  }
  if (Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false;
  if (left instanceof Date && right instanceof Date) return Object.is(left.getTime(), right.getTime());
  if (left instanceof Map && right instanceof Map) return same([...left], [...right]);
  if (left instanceof Set && right instanceof Set) return same([...left], [...right]);
  const keys = Reflect.ownKeys(left);
  const others = Reflect.ownKeys(right);
  return (
    keys.length === others.length &&
    keys.every((key, index) => {
      const mine = Object.getOwnPropertyDescriptor(left, key);
      const other = Object.getOwnPropertyDescriptor(right, key);
      return (
        others[index] === key &&
        same(mine?.value, other?.value) &&
        mine !== undefined &&
        other?.writable === mine.writable
      );
    })
  );
}

const code = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : `not ours: ${String(error)}`;
  }
  return "accepted";
};
const message = (value: unknown): string => {
  try {
    encode(value);
  } catch (error) {
    expect(error).toMatchObject({ name: "SessionError", code: "SESS_VALUE" });
    return (error as Error).message;
  }
  return "accepted";
};
const nest = (levels: number, wrap: (inner: unknown) => unknown, core: unknown): unknown => {
  let value = core;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
};

describe("what is kept", () => {
  it("gives back thousands of random values, in canonical and well-formed text", { timeout: 60_000 }, () => {
    const below = random(20261124);
    const seen = new Set<string>();
    for (let round = 0; round < 8000; round++) {
      const value = generate(below, 4);
      if (value === undefined) continue;
      const text = encode(value);
      seen.add(text);
      const back = decode(text);
      assert.ok(same(value, back), text);
      assert.equal(encode(back), text);
      assert.ok(!/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text), "lone surrogate");
    }
    assert.ok(seen.size > 3000, `only ${seen.size} distinct values`);
  });

  it("tells -0, prototypes and order apart in this test's own comparison", () => {
    expect(same(0, -0)).toBe(false);
    expect(same({}, Object.create(null))).toBe(false);
    expect(same({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(false);
    expect(same(new Set([1, 2]), new Set([2, 1]))).toBe(false);
    expect(same([undefined], [null])).toBe(false);
  });

  it("writes plain values as plain JSON", () => {
    const value = { name: "ada", list: [1, null, true], nested: { a: "b" } };
    expect(encode(value)).toBe(JSON.stringify(value));
  });

  it.each([
    [[undefined], '[{"$":"undefined"}]'],
    [{ "": -0 }, '{"":{"$":"-0"}}'],
    [12n, '{"$":"bigint","v":"12"}'],
    [new Date(5), '{"$":"Date","v":5}'],
    [new Date(Number.NaN), '{"$":"Date","v":null}'],
    [new Map([[{}, new Set([1])]]), '{"$":"Map","v":[[{},{"$":"Set","v":[1]}]]}'],
    [new Uint8Array([1, 2]), '{"$":"Uint8Array","v":"AQI="}'],
    [{ $: "Date", v: 0 }, '{"$":"Object","v":{"$":"Date","v":0}}'],
    [{ $: { $: 1 } }, '{"$":"Object","v":{"$":{"$":"Object","v":{"$":1}}}}'],
    ["\ud800", '"\\ud800"'],
  ])("has a fixed text, since records outlive releases: %#", (value, text) => {
    expect(encode(value)).toBe(text);
    expect(same(decode(text), value)).toBe(true);
  });

  it("defines __proto__ as a property and pollutes nothing", () => {
    for (const text of ['{"__proto__":{"admin":true}}', '{"__proto__":{"$":"Map","v":[]},"x":{"$":"NaN"}}']) {
      const back = decode(text) as object;
      expect(Object.getPrototypeOf(back)).toBe(Object.prototype);
      expect(Object.hasOwn(back, "__proto__")).toBe(true);
      expect(encode(back)).toBe(text);
    }
    expect("admin" in {}).toBe(false);
    const bare = decode('{"$":"null-prototype","v":{"__proto__":{"$":"-0"}}}') as object;
    expect(Object.getPrototypeOf(bare)).toBe(null);
    expect(Object.getOwnPropertyDescriptor(bare, "__proto__")?.value).toBe(-0);
  });

  it("gives exact Uint8Arrays that share memory with nothing", () => {
    const back = decode(encode(new Uint8Array([1, 2, 3]).subarray(1))) as Uint8Array;
    expect(Object.getPrototypeOf(back)).toBe(Uint8Array.prototype);
    expect([...back]).toEqual([2, 3]);
    expect(back.buffer.byteLength).toBe(2);
  });

  it("copies an object met twice", () => {
    const shared = { n: 1 };
    const [left, right] = decode(encode([shared, shared])) as [object, object];
    expect(left).toEqual(right);
    expect(left).not.toBe(right);
  });

  it("keeps MAX_DEPTH levels of any container, around any leaf, and refuses one more", () => {
    const wraps = [
      (inner: unknown) => [inner],
      (inner: unknown) => ({ a: inner }),
      (inner: unknown) => ({ $: inner }),
      (inner: unknown) => Object.assign(Object.create(null), { a: inner }),
      (inner: unknown) => new Set([inner]),
      (inner: unknown) => new Map([[inner, inner === 1 ? 1 : 2]]),
    ];
    for (const wrap of wraps) {
      for (const core of [1, undefined, new Date(0), new Uint8Array(1)]) {
        const deepest = nest(MAX_DEPTH, wrap, core);
        expect(same(decode(encode(deepest)), deepest)).toBe(true);
        expect(code(() => encode(wrap(deepest)))).toBe("SESS_VALUE");
      }
    }
  });
});

describe("what is refused", () => {
  class Point {
    x = 1;
  }
  const sparse = [1];
  sparse.length = 3;
  const accessor = Object.defineProperty({}, "x", { get: () => assert.fail("ran a getter"), enumerable: true });
  const item = Object.defineProperty([1], 0, { get: () => assert.fail("ran a getter"), enumerable: true });
  const hidden = Object.defineProperty({}, "x", { value: 1, enumerable: false });
  const trap = new Proxy({}, { ownKeys: () => assert.fail("ran a trap"), getPrototypeOf: () => assert.fail("trap") });

  it.each<[string, unknown, string]>([
    ["undefined", undefined, "delete the field"],
    ["a function", () => 1, "data only"],
    ["a symbol", Symbol("x"), "data only"],
    ["a symbol key", { [Symbol("x")]: 1 }, "symbol key"],
    ["an accessor", accessor, "accessor"],
    ["a setter", Object.defineProperty({}, "x", { set: () => {}, enumerable: true }), "accessor"],
    ["an accessor in an array", item, "accessor"],
    ["a non-enumerable property", hidden, "non-enumerable"],
    ["a class instance", new Point(), "class instance"],
    ["a Buffer", Buffer.from("x"), "new Uint8Array(buffer)"],
    ["another typed array", new Uint16Array(1), "Uint8Array"],
    ["an ArrayBuffer", new ArrayBuffer(1), "Uint8Array"],
    ["a Promise", Promise.resolve(1), "must be synchronous"],
    ["a subclass of Map", new (class extends Map {})(), "plain Map"],
    ["a subclass of Set", new (class extends Set {})(), "plain Map or Set"],
    ["a subclass of Date", new (class extends Date {})(), "plain Date"],
    ["a subclass of Array", new (class extends Array {})(), "plain array"],
    ["a subclass of Uint8Array", new (class extends Uint8Array {})(), "plain Uint8Array"],
    ["a boxed string", Object("x"), "boxed"],
    ["a boxed bigint", Object(1n), "boxed"],
    ["a RegExp", /x/, "source and flags"],
    ["an Error", new TypeError("x"), "message"],
    ["a WeakMap", new WeakMap(), "class instance"],
    ["a Proxy", trap, "Proxy"],
    ["an arguments object", new Function("return arguments")(1), "non-enumerable"],
    ["something that only looks like a Map", Object.create(Map.prototype), "class instance"],
    ["a sparse array", sparse, "sparse"],
    ["an array with a property", Object.assign([1], { x: 1 }), "beside its items"],
    ["an array with a hidden property", Object.defineProperty([1], "x", { value: 1 }), "beside its items"],
    ["a sparse array with a property", Object.assign(new Array(1), { x: 1 }), "sparse"],
    ["a Map with a property", Object.assign(new Map(), { x: 1 }), "properties of its own"],
    ["a Date with a symbol", Object.assign(new Date(0), { [Symbol("x")]: 1 }), "properties of its own"],
  ])("%s", (_, value, hint) => {
    expect(message(value)).toContain(hint);
    if (value !== undefined) expect(message({ deep: [value] })).toContain(hint);
    if (value !== undefined) expect(message(new Map([[value, 1n]]))).toContain(hint);
  });

  it("a cycle, and says so", () => {
    const self: Record<string, unknown> = { before: { fine: 1 } };
    self.self = { again: self };
    expect(message(self)).toMatch(/^cannot keep value\.self\.again\.self.*contains itself/);
    const map = new Map();
    map.set("me", [map]);
    expect(message(map)).toContain("contains itself");
    expect(message(nest(MAX_DEPTH + 1, (inner) => [inner], 1))).toContain("nested deeper than 500 levels");
  });

  it("with the path to it", () => {
    const value = { a: [1, { "b c": new Map([["k", new Set([Symbol("x")])]]) }] };
    expect(message(value)).toBe("cannot keep value.a[1][...]<value 0><item 0>: a symbol; store data only");
  });

  it("with a message of bounded length, in one line, without the value", () => {
    const text = message({ [`${"\u2028\n\ud800secret".repeat(9)}`]: { password: Object("hunter2") } });
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    expect(text).not.toMatch(/hunter2|secret/);
    expect(message(nest(400, (inner) => ({ ["k".repeat(500)]: inner }), Symbol("x"))).length).toBeLessThan(1200);
  });
});

describe("text that encode cannot have produced", () => {
  it.each([
    "",
    "x",
    "[",
    "{'a':1}",
    "undefined",
    "NaN",
    '"\u0001"',
    '"hunter2',
    '{"$":"Function","v":"x"}',
    '{"$":1}',
    '{"$":null}',
    '{"$":{}}',
    '{"$":["Date"],"v":0}',
    '{"$":"__proto__","v":1}',
    '{"$":"constructor"}',
    '{"$":"NaN","v":1}',
    '{"$":"Date"}',
    '{"$":"Date","v":0,"x":1}',
    '{"v":0,"$":"Date"}',
    '{"$":"Date","x":0}',
    '{"\\u0024":"Function"}',
    '[[{"a":{"$":"Nope"}}]]',
    '{"$":"Date","v":"0"}',
    '{"$":"Date","v":1.5}',
    '{"$":"Date","v":8640000000000001}',
    '{"$":"Date","v":-0}',
    '{"$":"bigint","v":1}',
    '{"$":"bigint","v":"0x1"}',
    '{"$":"bigint","v":"-0"}',
    '{"$":"bigint","v":"01"}',
    '{"$":"bigint","v":" 1"}',
    '{"$":"bigint","v":""}',
    '{"$":"Uint8Array","v":[1]}',
    '{"$":"Uint8Array","v":"AQI"}',
    '{"$":"Uint8Array","v":"AQJ="}',
    '{"$":"Uint8Array","v":"A-I="}',
    '{"$":"Map","v":{}}',
    '{"$":"Map","v":[1]}',
    '{"$":"Map","v":[[1]]}',
    '{"$":"Map","v":[[1,2,3]]}',
    '{"$":"Map","v":[[1,2],[1,3]]}',
    '{"$":"Map","v":[[{"$":"-0"},1]]}',
    '{"$":"Map","v":null}',
    '{"$":"Map","v":["ab"]}',
    '{"$":"Set","v":[1,1]}',
    '{"$":"Set","v":"ab"}',
    '{"$":"Set","v":[{"$":"-0"}]}',
    '{"$":"Object","v":{}}',
    '{"$":"Object","v":{"a":1}}',
    '{"$":"Object","v":[]}',
    '{"$":"Object","v":null}',
    '{"$":"null-prototype","v":[]}',
    '{"$":"null-prototype","v":1}',
    '{"$":"null-prototype","v":null}',
  ])("%j", (text) => {
    expect(code(() => decode(text))).toBe("SESS_ENVELOPE");
  });

  it("is refused at every depth and never overflows the stack", () => {
    for (const levels of [MAX_DEPTH + 1, 1000, 200_000]) {
      expect(code(() => decode("[".repeat(levels) + "]".repeat(levels)))).toBe("SESS_ENVELOPE");
      expect(code(() => decode(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`))).toBe("SESS_ENVELOPE");
      expect(code(() => decode(`${'{"$":"Set","v":['.repeat(levels)}${"]}".repeat(levels)}`))).toBe("SESS_ENVELOPE");
    }
    const allowed = "[".repeat(MAX_DEPTH) + "]".repeat(MAX_DEPTH);
    expect(encode(decode(allowed))).toBe(allowed);
  });

  it("gives an error without the text or a cause that quotes it", () => {
    try {
      decode('"hunter2');
      assert.fail("accepted");
    } catch (error) {
      expect(error).toMatchObject({ code: "SESS_ENVELOPE" });
      expect((error as Error).cause).toBe(undefined);
      expect(String(error)).not.toContain("hunter2");
    }
  });

  it("survives mutated text: decoded or SESS_ENVELOPE, never another error", () => {
    const below = random(7);
    const counts = new Map<string, number>();
    for (let round = 0; round < 5000; round++) {
      const text = encode([generate(below, 3)]);
      const at = below(text.length);
      const mutated =
        text.slice(0, at) + pick(below, ["", '"', "$", "{", "]", ",", "0", "-", "v"]) + text.slice(at + below(3));
      const outcome = code(() => encode(decode(mutated)));
      counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(["SESS_ENVELOPE", "accepted"]);
  });
});
