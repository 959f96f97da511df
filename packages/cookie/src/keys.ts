import { types } from "node:util";
import { keyCommand, wrong } from "./problem.js";

const leastBytes = 32;
/** 32 random bytes have fewer than 16 distinct values once in 10^11 keys; repeated or typed characters mostly do. */
const leastDistinct = 16;

/**
 * Checks a list of keys and copies each into bytes, so that the application cannot change a key later.
 *
 * @throws SessionError `SESS_CONFIG`, naming the key by its place, never its value.
 */
export function parseKeys(keys: unknown): Uint8Array[] {
  if (!Array.isArray(keys) || keys.length === 0) throw wrong(`keys must be a list that is not empty; ${advice}`);
  return keys.map((key: unknown, place) => parseKey(key, `keys[${place}]`));
}

const advice = `make one with: ${keyCommand}`;
/** Replacing a key in use would sign everybody out. */
const kept = `${advice}; put it before those in use, which go on opening`;

function parseKey(key: unknown, name: string): Uint8Array {
  const bytes = typeof key === "string" ? decode(key) : key;
  if (!types.isUint8Array(bytes)) {
    const passphrase = "a passphrase goes into securityKey, beside keys";
    throw wrong(`${name} must be bytes, or a text in base64url, base64 or hexadecimal (${passphrase}); ${kept}`);
  }
  if (bytes.length < leastBytes) throw wrong(`${name} must have at least ${leastBytes} bytes; ${kept}`);
  const problem = weakness(bytes);
  if (problem !== undefined) throw wrong(`${name} ${problem}; ${kept}`);
  return Uint8Array.from(bytes);
}

/** The bytes of a text; `undefined` when it is empty or the decoder would ignore a part of it. */
function decode(text: string): Buffer | undefined {
  if (/^[\da-f]*$/i.test(text)) return text.length % 2 === 0 ? Buffer.from(text, "hex") : undefined;
  const unpadded = text.length % 4 === 0 ? text.replace(/={1,2}$/, "") : text;
  for (const encoding of ["base64url", "base64"] as const) {
    const bytes = Buffer.from(unpadded, encoding);
    if (bytes.toString(encoding).replace(/=+$/, "") === unpadded) return bytes;
  }
  return undefined;
}

/**
 * Why a key cannot come from a CSPRNG; undefined if it may. This is a heuristic that practically never refuses a random
 * key.
 */
function weakness(bytes: Uint8Array): string | undefined {
  if (new Set(bytes).size < leastDistinct) return "is not random: it repeats a few bytes";
  if (isCounting(bytes)) return "is not random: it counts";
  if (bytes.every((byte) => byte >= 0x20 && byte < 0x7f)) {
    return "is the characters of a text, not random bytes: decode it, or pass the text itself";
  }
  return undefined;
}

function isCounting(bytes: Uint8Array): boolean {
  const steps = new Set<number>();
  bytes.reduce((before, byte) => {
    steps.add((byte - before) & 0xff);
    return byte;
  });
  return steps.size === 1;
}
