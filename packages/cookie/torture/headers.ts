import { base64url, mutated } from "./mutate.js";
import type { Random } from "./random.js";

const names = (name: string) => [name, name, name, name, `${name}2`, name.toUpperCase(), `x${name}`, "", "a", "é"];
const separators = ["; ", "; ", "; ", ";", ";;", " ; ", ",", "\t;\t", "", ";=", "="];
const equals = ["=", "=", "=", "=", " = ", "==", "", "=\t"];
const noise = ' \t;,="\\%\0\n\u007fé\ud800AZaz09-_';

/** A pool, because altering tokens costs more than building headers. */
export function altered(tokens: readonly string[], random: Random, size: number): string[] {
  return Array.from({ length: size }, () => mutated(tokens, random)).filter((token) => !tokens.includes(token));
}

/** A text like a Cookie header: some pairs, well formed or not; most have our name among them. */
export function header(name: string, pool: readonly string[], random: Random): string {
  const shape = random.below(100);
  if (shape === 0) return random.text(noise, random.below(200));
  if (shape === 1) return `${random.text(noise, 1).repeat(random.below(17_000))}${name}=${random.pick(pool)}`;
  if (shape === 2) return `${name}=${random.pick(pool)}; `.repeat(random.below(40));
  let text = "";
  for (let pairs = 1 + random.below(4); pairs > 0; pairs--) {
    text += random.pick(names(name)) + random.pick(equals) + value(pool, random) + random.pick(separators);
  }
  return text;
}

function value(pool: readonly string[], random: Random): string {
  const shape = random.below(8);
  if (shape === 0) return `"${random.pick(pool)}"`;
  if (shape === 1) return `"${random.pick(pool)}`;
  if (shape === 2) return random.text(noise, random.below(12));
  if (shape === 3) return random.text(base64url, random.below(48));
  return random.pick(pool);
}
