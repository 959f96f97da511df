/** Ids of sessions and keys of records: what a browser holds, and what a store sees in its place. */
import { hash, randomFillSync } from "node:crypto";
import { SessionError } from "./errors.js";

/** How the ids of one Manager look. */
export interface IdShape {
  /** Random bytes in an id, 16 to 64. */
  readonly bytes: number;
  /** Put in front of every id; not secret. */
  readonly prefix: string;
}

/** One call to the CSPRNG gives this many bytes: it costs far more than the bytes do. */
const pool = Buffer.alloc(4096);
let used = pool.length;

/**
 * Random text in base64url (RFC 4648, section 5) without padding. No byte of the pool is given out twice, and none
 * stays in memory once given out.
 *
 * @param bytes how many random bytes, 1 to 4096.
 * @throws SessionError `SESS_CONFIG` on any other number.
 */
export function randomToken(bytes: number): string {
  if (!Number.isInteger(bytes) || bytes < 1 || bytes > pool.length) {
    throw new SessionError("SESS_CONFIG", `the length of a token must be 1 to ${pool.length} bytes`);
  }
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const end = used + bytes;
  const token = pool.toString("base64url", used, end);
  pool.fill(0, used, end);
  used = end;
  return token;
}

/**
 * Both parts are hashed as JSON strings in UTF-8, because plain UTF-8 turns every lone surrogate into U+FFFD, which
 * would make two owners one; the JSON of an ordinary id is the id in quotes, so a key can be recomputed with any tool.
 */
function keysOf(tag: string, namespace: string): (text: string) => string {
  const scope = JSON.stringify(namespace);
  const beginning = `${tag}\n${Buffer.byteLength(scope)}:${scope}`;
  return (text) => hash("sha256", beginning + JSON.stringify(text), "hex");
}

/** The key a session is stored under: SHA-256, 64 lowercase hexadecimal digits. The store never sees the id. */
export function sessionKey(namespace: string, id: string): string {
  return sessionKeys(namespace)(id);
}

/** As {@link sessionKey}, for many ids of one namespace. */
export function sessionKeys(namespace: string): (id: string) => string {
  return keysOf("sess/session/1", namespace);
}

/** What a store sees of an owner: SHA-256 as in {@link sessionKey}, never equal to the key of a session. */
export function ownerKey(namespace: string, owner: string): string {
  return keysOf("sess/owner/1", namespace)(owner);
}

/**
 * The name of a session in an owner's list: 132 bits of a hash of its key, in base64url. Neither the id nor the key can
 * be found from it.
 */
export function handleOf(key: string): string {
  return hash("sha256", `sess/handle/1\n${key}`, "base64url").slice(0, 22);
}

/** A new id from the CSPRNG. */
export function newId(shape: IdShape): string {
  return shape.prefix + randomToken(shape.bytes);
}

const alphabet = new Uint8Array(128);
for (const letter of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") {
  alphabet[letter.charCodeAt(0)] = 1;
}

/**
 * Whether a text has the shape of an id: prefix, exact length, base64url alphabet. What fails must not reach a store.
 * The work depends on the shape alone, not on where the text goes wrong.
 */
export function isId(shape: IdShape, text: string): boolean {
  const start = shape.prefix.length;
  if (text.length !== start + Math.ceil((shape.bytes * 4) / 3)) return false;
  let wrong = 0;
  for (let index = 0; index < start; index++) wrong |= text.charCodeAt(index) ^ shape.prefix.charCodeAt(index);
  for (let index = start; index < text.length; index++) wrong |= 1 ^ (alphabet[text.charCodeAt(index)] ?? 0);
  return wrong === 0;
}
