import { SessionError } from "../errors.js";
import { MAX_DEPTH } from "./encode.js";

type Wire = Record<string, unknown>;

function corrupt(reason: string): never {
  throw new SessionError("SESS_ENVELOPE", `the stored text of a field is damaged: ${reason}`);
}

const constants: ReadonlyMap<unknown, number | undefined> = new Map([
  ["undefined", undefined],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

type Reader = (body: unknown, depth: number) => unknown;
const tags: ReadonlyMap<unknown, Reader> = new Map<unknown, Reader>([
  ["bigint", readBigInt],
  ["Date", readDate],
  ["Map", readMap],
  ["Set", readSet],
  ["Uint8Array", readBytes],
  ["Object", readEscaped],
  ["null-prototype", readBare],
]);

function deeper(depth: number): number {
  return depth < MAX_DEPTH ? depth + 1 : corrupt("nested too deep");
}

function isWire(value: unknown): value is Wire {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Works in place on the result of JSON.parse. */
function revive(wire: unknown, depth: number): unknown {
  if (Array.isArray(wire)) return reviveItems(wire, depth);
  if (!isWire(wire)) return wire;
  return Object.hasOwn(wire, "$") ? reviveTag(wire, depth) : reviveFields(wire, depth);
}

function reviveTag(wire: Wire, depth: number): unknown {
  const keys = Object.keys(wire);
  if (keys.length === 1 && constants.has(wire.$)) return constants.get(wire.$);
  const read = tags.get(wire.$);
  if (read === undefined || keys.length !== 2 || keys[0] !== "$" || keys[1] !== "v") corrupt("an unknown tag");
  return read(wire.v, depth);
}

function reviveItems(items: unknown[], depth: number): unknown[] {
  const inner = deeper(depth);
  for (let index = 0; index < items.length; index++) items[index] = revive(items[index], inner);
  return items;
}

function reviveFields(wire: Wire, depth: number): Wire {
  const inner = deeper(depth);
  for (const [key, field] of Object.entries(wire)) {
    const value = revive(field, inner);
    // Defined, not assigned: a key may be `__proto__`.
    if (value !== field) {
      Object.defineProperty(wire, key, { value, writable: true, enumerable: true, configurable: true });
    }
  }
  return wire;
}

function readBigInt(body: unknown): bigint {
  if (typeof body !== "string" || !/^(?:0|-?[1-9][0-9]*)$/.test(body)) corrupt("a bigint");
  return BigInt(body);
}

function readDate(body: unknown): Date {
  if (body === null) return new Date(Number.NaN);
  if (!Number.isInteger(body) || Object.is(body, -0)) corrupt("a Date");
  const date = new Date(body as number);
  return Number.isNaN(date.getTime()) ? corrupt("a Date") : date;
}

function readBytes(body: unknown): Uint8Array {
  if (typeof body !== "string") corrupt("a Uint8Array");
  const bytes = Buffer.from(body, "base64");
  if (bytes.toString("base64") !== body) corrupt("a Uint8Array");
  return new Uint8Array(bytes);
}

function readItems(body: unknown, inner: number): unknown[] {
  return Array.isArray(body) ? body.map((item) => revive(item, inner)) : corrupt("a Map or Set");
}

function readSet(body: unknown, depth: number): Set<unknown> {
  const items = readItems(body, deeper(depth));
  const set = new Set(items);
  // A repeated item, or -0, which no Set holds.
  if (set.size !== items.length || items.some((item) => Object.is(item, -0))) corrupt("a Set");
  return set;
}

function readMap(body: unknown, depth: number): Map<unknown, unknown> {
  const inner = deeper(depth);
  const map = new Map<unknown, unknown>();
  for (const pair of Array.isArray(body) ? body : corrupt("a Map")) {
    if (!Array.isArray(pair) || pair.length !== 2) corrupt("a Map");
    const key = revive(pair[0], inner);
    if (Object.is(key, -0) || map.has(key)) corrupt("a Map");
    map.set(key, revive(pair[1], inner));
  }
  return map;
}

function readEscaped(body: unknown, depth: number): Wire {
  return isWire(body) && Object.hasOwn(body, "$") ? reviveFields(body, depth) : corrupt("an escaped object");
}

function readBare(body: unknown, depth: number): object {
  return isWire(body) ? Object.setPrototypeOf(reviveFields(body, depth), null) : corrupt("an object");
}

/**
 * The value that {@link encode} was given: own data properties, exact prototypes, fresh objects. Runs no code and
 * never sets a prototype from the text. Other spellings of the same JSON (spaces, escapes) are accepted.
 *
 * @throws SessionError `SESS_ENVELOPE` when the text is not JSON, has an unknown or malformed tag, or is too deep.
 */
export function decode(text: string): unknown {
  let wire: unknown;
  try {
    wire = JSON.parse(text);
  } catch {
    // The cause is left out because it quotes the text.
    corrupt("not JSON");
  }
  // Neither a tag, however spelled, nor room for too many levels: what was parsed is the value.
  const plain = text.length <= 2 * MAX_DEPTH && !text.includes('"$"') && !text.includes("\\u0024");
  return plain ? wire : revive(wire, 0);
}
