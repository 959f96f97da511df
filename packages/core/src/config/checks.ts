/** How one key of a configuration is checked. */
import { SessionError } from "../errors.js";
import type { ConfigSource } from "./seed-json.js";

/** Refuses a key by the name it was written with. */
export function refuse(source: ConfigSource, key: string, allowed: string): never {
  throw new SessionError("SESS_CONFIG", `config "${source.writtenAs.get(key) ?? key}" must be ${allowed}`);
}

/** A test of a value and, for messages, what it allows. */
export type Check<T> = readonly [test: (value: unknown) => value is T, allowed: string];

/** A key's value, checked, or the fallback where it is absent. */
export function pick<T, F>(source: ConfigSource, key: string, [test, allowed]: Check<T>, fallback: F): T | F {
  if (!source.values.has(key)) return fallback;
  const value = source.values.get(key);
  return test(value) ? value : refuse(source, key, allowed);
}

export function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= least && value <= most;
}

export function whole(least: number, most: number, unit: string): Check<number> {
  return [(value) => isWhole(value, least, most), `a whole number of ${unit} from ${least} to ${most}`];
}

export function text(test: (value: string) => boolean, allowed: string): Check<string> {
  return [(value): value is string => typeof value === "string" && test(value), allowed];
}

/** A name as error messages show it: quoted, printable ASCII only (a log line stays one line), cut after 40 units. */
export function quoted(name: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const text = JSON.stringify(name.slice(0, 40)).replace(/[^\x20-\x7e]/g, escaped);
  return name.length > 40 ? `${text}...` : text;
}
