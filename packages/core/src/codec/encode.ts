/**
 * The closed codec for the value of one field. The text is JSON. Values that JSON lacks are tagged objects such as
 * `{"$":"Date","v":0}`; a plain object with a key `$` is wrapped as `{"$":"Object","v":{...}}`, so that no stored value
 * can be taken for a tag. Values are kept exactly or refused, never changed silently.
 */
import { types } from "node:util";
import { SessionError } from "../errors.js";
import { builtInOf } from "./built-in.js";

/** How many containers (arrays, objects, maps, sets) may lie inside one another in one value. */
export const MAX_DEPTH = 500;

/**
 * One for each container that encloses the present value: gives depth, path and cycles without a set of seen objects.
 */
interface Frame {
  readonly up: Frame | undefined;
  readonly holder: object;
  readonly depth: number;
  step: string | number;
}

function pathOf(innermost: Frame | undefined): string {
  const steps: string[] = [];
  for (let frame = innermost; frame !== undefined; frame = frame.up) {
    const { holder, step } = frame;
    if (typeof step === "number") steps.unshift(`[${step}]`);
    else if (types.isMap(holder) || types.isSet(holder)) steps.unshift(`<${step}>`);
    // A key that is not an identifier may be data, such as an e-mail address, and data is not shown.
    else steps.unshift(/^[A-Za-z_]\w{0,39}$/.test(step) ? `.${step}` : "[...]");
  }
  if (steps.length > 16) steps.splice(8, steps.length - 16, "...");
  return `value${steps.join("")}`;
}

function refuse(reason: string, at: Frame | undefined): never {
  throw new SessionError("SESS_VALUE", `cannot keep ${pathOf(at)}: ${reason}`);
}

const reasons: ReadonlyArray<readonly [(value: object) => boolean, string]> = [
  [types.isPromise, "a promise; await it before storing, update functions must be synchronous"],
  [(value) => Buffer.isBuffer(value), "a Buffer; store new Uint8Array(buffer)"],
  [(value) => ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value), "binary data; store a plain Uint8Array"],
  [types.isRegExp, "a RegExp; store its source and flags"],
  [types.isNativeError, "an Error; store its message"],
  [types.isBoxedPrimitive, "a boxed primitive; store the primitive itself"],
  [Array.isArray, "an instance of a subclass of Array; store a plain array"],
  [types.isDate, "an instance of a subclass of Date; store a plain Date"],
  [(value) => types.isMap(value) || types.isSet(value), "an instance of a subclass; store a plain Map or Set"],
];

function enter(holder: object, up: Frame | undefined): Frame {
  const depth = up === undefined ? 1 : up.depth + 1;
  if (depth <= MAX_DEPTH) return { up, holder, depth, step: "" };
  for (let frame = up; frame !== undefined; frame = frame.up) {
    if (frame.holder === holder) refuse("the value contains itself; break the cycle, store an identifier instead", up);
  }
  refuse(`nested deeper than ${MAX_DEPTH} levels; flatten it`, up);
}

/** Refuses a value that cannot be kept; returns whether the text needs a tag. Must not run code of the value. */
function check(value: unknown, up: Frame | undefined): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return false;
    case "number":
      return !Number.isFinite(value) || Object.is(value, -0);
    case "undefined":
    case "bigint":
      return true;
    case "object":
      return value !== null && checkObject(value, up);
    default:
      return refuse(`a ${typeof value}; store data only`, up);
  }
}

function checkObject(value: object, up: Frame | undefined): boolean {
  if (types.isProxy(value)) refuse("a Proxy; store a plain copy of its target", up);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === Object.prototype) return checkFields(value, enter(value, up));
  if (prototype === null) {
    checkFields(value, enter(value, up));
    return true;
  }
  const type = builtInOf(value, prototype as object);
  // Other properties of a Uint8Array are not checked, because listing its keys costs 100 ns a byte.
  if (type === "Uint8Array") return true;
  if (type === "Object") return checkFields(value, enter(value, up));
  if (type === "Array") return checkArray(value as readonly unknown[], enter(value, up));
  if (type === undefined) {
    const known = reasons.find(([test]) => test(value));
    refuse(known?.[1] ?? "a class instance; copy its fields into a plain object", up);
  }
  if (Reflect.ownKeys(value).length > 0) refuse("it has properties of its own; store them beside it", up);
  if (type === "Map") checkMap(value as ReadonlyMap<unknown, unknown>, enter(value, up));
  if (type === "Set") checkSet(value as ReadonlySet<unknown>, enter(value, up));
  return true;
}

function checkProperty(holder: object, key: string | number, frame: Frame): boolean {
  frame.step = key;
  const property = Object.getOwnPropertyDescriptor(holder, key);
  if (property === undefined) refuse("a hole in a sparse array; fill it, with null for instance", frame);
  if (!("value" in property)) refuse("an accessor; store the value it gives", frame);
  if (!property.enumerable) refuse("a non-enumerable property; make it enumerable or leave it out", frame);
  return check(property.value, frame);
}

function checkFields(holder: object, frame: Frame): boolean {
  let special = false;
  for (const key of Reflect.ownKeys(holder)) {
    if (typeof key === "symbol") refuse("an object with a symbol key; use string keys", frame.up);
    special = checkProperty(holder, key, frame) || key === "$" || special;
  }
  return special;
}

function checkArray(holder: readonly unknown[], frame: Frame): boolean {
  let special = false;
  for (let index = 0; index < holder.length; index++) special = checkProperty(holder, index, frame) || special;
  // "length" is the one own key that is not an index.
  if (Reflect.ownKeys(holder).length !== holder.length + 1) {
    refuse("an array with properties beside its items; store an object", frame.up);
  }
  return special;
}

function checkMap(holder: ReadonlyMap<unknown, unknown>, frame: Frame): void {
  let index = 0;
  for (const [key, value] of entriesOf(holder)) {
    frame.step = `key ${index}`;
    check(key, frame);
    frame.step = `value ${index++}`;
    check(value, frame);
  }
}

function checkSet(holder: ReadonlySet<unknown>, frame: Frame): void {
  let index = 0;
  for (const item of itemsOf(holder)) {
    frame.step = `item ${index++}`;
    check(item, frame);
  }
}

const tagged = (name: string, body: string) => `{"$":"${name}","v":${body}}`;

// Methods of our own realm: those of the value's realm could be changed by other code.
const entriesOf = (map: unknown) => Map.prototype.entries.call(map as Map<unknown, unknown>);
const itemsOf = (set: unknown) => Set.prototype.values.call(set as Set<unknown>);
const timeOf = (date: unknown) => Date.prototype.getTime.call(date as Date);

function list(items: readonly unknown[]): string {
  let text = "[";
  for (let index = 0; index < items.length; index++)
    text += index === 0 ? write(items[index]) : `,${write(items[index])}`;
  return `${text}]`;
}

function write(value: unknown): string {
  if (typeof value === "undefined") return '{"$":"undefined"}';
  if (typeof value === "bigint") return tagged("bigint", `"${value}"`);
  if (Object.is(value, -0)) return '{"$":"-0"}';
  if (typeof value === "number" && !Number.isFinite(value)) return `{"$":"${value}"}`;
  return typeof value === "object" && value !== null ? writeObject(value) : JSON.stringify(value);
}

function writeObject(value: object): string {
  if (Array.isArray(value)) return list(value);
  if (types.isMap(value)) return tagged("Map", list([...entriesOf(value)]));
  if (types.isSet(value)) return tagged("Set", list([...itemsOf(value)]));
  if (types.isDate(value)) return tagged("Date", JSON.stringify(timeOf(value)));
  if (types.isUint8Array(value)) return tagged("Uint8Array", `"${Buffer.from(value).toString("base64")}"`);
  const fields = Object.entries(value).map(([key, field]) => `${JSON.stringify(key)}:${write(field)}`);
  const body = `{${fields.join(",")}}`;
  if (Object.getPrototypeOf(value) === null) return tagged("null-prototype", body);
  return Object.hasOwn(value, "$") ? tagged("Object", body) : body;
}

/**
 * The canonical text of a value: well-formed UTF-16, and `encode(decode(text)) === text`. An object met twice without
 * a cycle is written twice and comes back as two copies, as in JSON; being frozen or sealed is not kept.
 *
 * @throws SessionError `SESS_VALUE`, naming the path inside the value and what to do instead.
 */
export function encode(value: unknown): string {
  if (value === undefined) refuse("undefined; delete the field instead", undefined);
  return check(value, undefined) ? write(value) : JSON.stringify(value);
}
