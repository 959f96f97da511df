import { randomFillSync } from "node:crypto";
import { nonceBytes } from "./xaes.js";

/** One call to the CSPRNG fills it: the call costs far more than the bytes do. */
const pool = Buffer.alloc(64 * nonceBytes);
let used = pool.length;

/** A nonce from the CSPRNG. No byte of the pool is given out twice, and what is given out is a copy. */
export function newNonce(): Buffer {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const start = used;
  used += nonceBytes;
  return Buffer.from(pool.subarray(start, used));
}
