import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { decode } from "./decode.js";
import { encode } from "./encode.js";

const context = createContext();
/** A value made by code of another realm, as what a test runner's environment, or `vm`, gives to ours. */
const foreign = (code: string): unknown => runInContext(`(${code})`, context);

describe("plain data of another realm is as good as ours, and comes back as ours", () => {
  it.each<[string, unknown]>([
    ["{ a: 1, deep: { list: [1, { b: null }] } }", { a: 1, deep: { list: [1, { b: null }] } }],
    ["[1, [2], undefined]", [1, [2], undefined]],
    ["{ $: 1 }", { $: 1 }],
    ['JSON.parse(\'{"__proto__": {"x": 1}}\')', JSON.parse('{"__proto__": {"x": 1}}')],
    ["new Date(7)", new Date(7)],
    [
      "new Map([['k', new Set([[1]])], [{ a: 1 }, -0]])",
      new Map<unknown, unknown>([
        ["k", new Set([[1]])],
        [{ a: 1 }, -0],
      ]),
    ],
    ["new Set([1n, NaN])", new Set([1n, Number.NaN])],
    ["Uint8Array.of(1, 2, 255)", Uint8Array.of(1, 2, 255)],
    ["Object.create(null)", Object.create(null)],
  ])("%s", (code, ours) => {
    const value = foreign(code);
    expect(encode(value)).toBe(encode(ours));
    expect(decode(encode({ in: [value] }))).toStrictEqual({ in: [ours] });
  });

  it("what structuredClone and the body of a response give where they are of the outer realm", () => {
    const outer = createContext({ clone: structuredClone });
    expect(decode(encode(runInContext("clone({ a: [new Map([[1, new Date(0)]])] })", outer)))).toStrictEqual({
      a: [new Map([[1, new Date(0)]])],
    });
  });

  it("without running code of the other realm", () => {
    const hostile = createContext({ ran: [] });
    const code = `
      const value = { list: [1, undefined], map: new Map([[1, 2]]), set: new Set([3]), date: new Date(4) };
      for (const type of [Array, Map, Set]) type.prototype[Symbol.iterator] = () => ran.push(type.name);
      Map.prototype.entries = Set.prototype.values = Date.prototype.getTime = () => ran.push("method");
      value`;
    const value = runInContext(code, hostile);
    const ours = { list: [1, undefined], map: new Map([[1, 2]]), set: new Set([3]), date: new Date(4) };
    expect(decode(encode(value))).toStrictEqual(ours);
    expect(hostile.ran).toHaveLength(0);
  });
});

describe("what is refused of ours is refused of another realm", () => {
  it.each<[string, string]>([
    ["new (class Account { balance = 1 })()", "class instance"],
    ["new (class Object { balance = 1 })()", "class instance"],
    ["Object.create({ inherited: 1 })", "class instance"],
    ["Object.create(Object.create(null))", "class instance"],
    ["Object.create({ constructor: Object })", "class instance"],
    ["Object.create(Map.prototype)", "class instance"],
    ["new (class extends Array {})()", "subclass of Array"],
    ["new (class extends Map {})()", "subclass"],
    ["new (class extends Date {})()", "subclass of Date"],
    ["new Float64Array(1)", "binary data"],
    ["new ArrayBuffer(1)", "binary data"],
    ["/x/", "RegExp"],
    ["new Error('x')", "Error"],
    ["Promise.resolve()", "promise"],
    ["new Proxy({}, {})", "Proxy"],
    ["Object.create(new Proxy({}, { getOwnPropertyDescriptor() { throw 'ran' } }))", "class instance"],
    ["Object('x')", "boxed"],
    ["() => 1", "function"],
    ["{ get x() { return 1 } }", "accessor"],
    ["Object.assign(new Map(), { x: 1 })", "properties of its own"],
    ["[1, , 2]", "sparse"],
  ])("%s", (code, hint) => {
    const refusal = expect.objectContaining({ code: "SESS_VALUE", message: expect.stringContaining(hint) });
    expect(() => encode({ deep: [foreign(code)] })).toThrow(refusal);
  });

  it("a constructor that only says that it is native", () => {
    const forged = foreign(`(() => {
      const bound = class Object { x = 1 }.bind();
      Reflect.defineProperty(bound, "name", { value: "Object" });
      const proto = { constructor: bound };
      Reflect.defineProperty(bound, "prototype", { value: proto });
      return Object.create(proto);
    })()`);
    expect(() => encode(forged)).toThrow("class instance");
  });
});
