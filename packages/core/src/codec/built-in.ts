/** Which built-in type a value is of, whatever realm it comes from: a `vm` context, or a test runner's environment. */
import { types } from "node:util";

/** The types that the codec keeps, but for objects without a prototype. */
export type BuiltIn = "Object" | "Array" | "Date" | "Map" | "Set" | "Uint8Array";

const own: Readonly<Record<BuiltIn, object>> = {
  Object: Object.prototype,
  Array: Array.prototype,
  Date: Date.prototype,
  Map: Map.prototype,
  Set: Set.prototype,
  Uint8Array: Uint8Array.prototype,
};

/**
 * The type that a value is a plain instance of; undefined for an instance of a class. Runs no code of the value or its
 * prototype. The value must not be a Proxy.
 */
export function builtInOf(value: object, prototype: object): BuiltIn | undefined {
  const name = slotsOf(value);
  return prototype === own[name] || isIntrinsic(prototype, name) ? name : undefined;
}

function slotsOf(value: object): BuiltIn {
  if (Array.isArray(value)) return "Array";
  if (types.isUint8Array(value)) return "Uint8Array";
  if (types.isMap(value)) return "Map";
  if (types.isSet(value)) return "Set";
  return types.isDate(value) ? "Date" : "Object";
}

/**
 * Whether an object is an original prototype of some realm: its constructor is native, has that name, and constructs
 * it. A script cannot make a function with native source whose `prototype` is an object of its own.
 */
function isIntrinsic(prototype: object, name: BuiltIn): boolean {
  if (types.isProxy(prototype)) return false;
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  if (typeof maker !== "function" || types.isProxy(maker)) return false;
  if (Object.getOwnPropertyDescriptor(maker, "prototype")?.value !== prototype) return false;
  const source = Function.prototype.toString.call(maker).replace(/\s+/g, " ");
  return source === `function ${name}() { [native code] }`;
}
