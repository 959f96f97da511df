import { hkdfSync } from "node:crypto";
import { keyBytes, Xaes } from "./xaes.js";

/** The names that the tokens of one Manager are bound to. */
export interface Names {
  readonly cookieName: string;
  readonly namespace: string;
}

/** The key that seals and opens tokens, with its derived parts. */
export interface TokenKey {
  /** The first bytes of every token of this key: the format's version and the key's id. */
  readonly head: Buffer;
  /** `head` as text, as it appears in a token. */
  readonly prefix: string;
  /** Authenticated with every token, but not contained in it. */
  readonly bound: Buffer;
  readonly cipher: Xaes;
}

const formatVersion = 1;
const idBytes = 5;

/** Bytes of a head. */
export const headBytes = 1 + idBytes;
/** Characters of a prefix. Their number is whole, so that no character of a token belongs only partly to the head. */
export const prefixLength = (headBytes * 8) / 6;

/**
 * Derives the sealing key and the key's public id from a master key, each by HKDF (RFC 5869). They are independent: the
 * id reveals nothing about the key.
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

/**
 * Names are encoded as JSON: in UTF-8, every lone surrogate becomes the same replacement character, so two names could
 * become one.
 */
function withLength(name: string): string {
  const text = JSON.stringify(name);
  return `${Buffer.byteLength(text)}:${text}`;
}
