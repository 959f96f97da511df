import { randomFillSync } from "node:crypto";
import { nonceBytes } from "./xaes.js";

/** Filled by one call to the CSPRNG, since the call costs far more than the bytes. */
const pool = Buffer.alloc(64 * nonceBytes);
let used = pool.length;

/** A nonce from the CSPRNG. No byte of the pool is used twice, and the result is a copy. */
export function newNonce(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += nonceBytes;
  return Buffer.from(pool.subarray(start, used));
}
