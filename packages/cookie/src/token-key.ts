import { hkdfSync } from "node:crypto";
import { keyBytes, Xaes } from "./xaes.js";

/** What the tokens of one Manager are bound to. */
export interface Names {
  readonly cookieName: string;
  readonly namespace: string;
}

/** A key as tokens are sealed and opened with it. */
export interface TokenKey {
  /** What every token of this key begins with: the format's version and the key's id. */
  readonly head: Buffer;
  /** The same as it stands in a token. */
  readonly prefix: string;
  /** Authenticated with every token, and not in it. */
  readonly bound: Buffer;
  readonly cipher: Xaes;
}

const formatVersion = 1;
const idBytes = 5;

/** Bytes of a head. */
export const headBytes = 1 + idBytes;
/** Characters of a prefix: a whole number, so that no character of a token belongs to a head in part. */
export const prefixLength = (headBytes * 8) / 6;

/**
 * Derives the sealing key and the key's public id from a master key, each by HKDF (RFC 5869) and independent of the
 * other: the id is no step towards the key.
 *
 * @param master 32 bytes or more of a CSPRNG, or of a memory-hard function.
 */
export function tokenKey(master: Uint8Array, names: Names): TokenKey {
  const derived = Buffer.from(hkdfSync("sha256", master, "", "sess/cookie/1", keyBytes + idBytes));
  const head = Buffer.concat([Buffer.of(formatVersion), derived.subarray(keyBytes)]);
  const prefix = head.toString("base64url");
  const bound = Buffer.from(`sess/cookie\n${prefix}${withLength(names.cookieName)}${withLength(names.namespace)}`);
  return { head, prefix, bound, cipher: new Xaes(derived.subarray(0, keyBytes)) };
}

/** As JSON, because UTF-8 turns every lone surrogate into the same replacement, which would make two names one. */
function withLength(name: string): string {
  const text = JSON.stringify(name);
  return `${Buffer.byteLength(text)}:${text}`;
}
