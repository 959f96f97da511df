import { type Cipher, createCipheriv, createDecipheriv } from "node:crypto";

const blockBytes = 16;

/** Bytes of a key. */
export const keyBytes = 32;
/** Bytes of a nonce: long enough to be drawn at random for 2^80 tokens of one key. */
export const nonceBytes = 24;
/** Bytes of an authentication tag, the longest that GCM has (NIST SP 800-38D, section 5.2.1.2). */
export const tagBytes = 16;

/**
 * XAES-256-GCM (C2SP, c2sp.org/XAES-256-GCM): AES-256-GCM (NIST SP 800-38D) under a key of its own for every nonce,
 * derived by CMAC in counter mode (NIST SP 800-108r1, section 4.1) from the first half of the nonce. GCM by itself may
 * see a random nonce under one key 2^32 times only (SP 800-38D, section 8.3).
 */
export class Xaes {
  /** In ECB without padding each block stands alone, so that one object serves for every derivation. */
  readonly #block: Cipher;
  /** The two blocks of the counter, with CMAC's subkey in them and no nonce. */
  readonly #counters: Buffer;

  constructor(key: Uint8Array) {
    this.#block = createCipheriv("aes-256-ecb", key, null).setAutoPadding(false);
    const subkey = doubled(this.#block.update(Buffer.alloc(blockBytes)));
    this.#counters = Buffer.concat([counterBlock(1, subkey), counterBlock(2, subkey)]);
  }

  /** The ciphertext and its tag. A nonce may be used once. */
  seal(nonce: Buffer, text: Uint8Array, bound: Uint8Array): Buffer {
    const cipher = createCipheriv("aes-256-gcm", this.#keyFor(nonce), nonce.subarray(12), { authTagLength: tagBytes });
    cipher.setAAD(bound);
    return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  }

  /** The text; `undefined` when anything differs from what was sealed. Nothing is given out before the tag is right. */
  open(nonce: Buffer, sealed: Uint8Array, bound: Uint8Array): Buffer | undefined {
    const end = sealed.length - tagBytes;
    if (end < 0) return undefined;
    const key = this.#keyFor(nonce);
    const cipher = createDecipheriv("aes-256-gcm", key, nonce.subarray(12), { authTagLength: tagBytes });
    cipher.setAAD(bound);
    cipher.setAuthTag(sealed.subarray(end));
    const text = cipher.update(sealed.subarray(0, end));
    try {
      cipher.final();
    } catch {
      return undefined;
    }
    return text;
  }

  #keyFor(nonce: Buffer): Buffer {
    const blocks = Buffer.from(this.#counters);
    for (const at of [0, 4, 8]) {
      const word = nonce.readUInt32BE(at);
      for (const place of [4 + at, 4 + at + blockBytes])
        blocks.writeUInt32BE(xor(blocks.readUInt32BE(place), word), place);
    }
    return this.#block.update(blocks);
  }
}

function xor(one: number, other: number): number {
  return (one ^ other) >>> 0;
}

/** A counter, the label "X", a separator, and room for half a nonce; masked as CMAC masks its last block. */
function counterBlock(counter: number, subkey: Buffer): Buffer {
  const block = Buffer.from(subkey);
  for (const [index, byte] of [0, counter, 0x58, 0].entries()) block.writeUInt8(subkey.readUInt8(index) ^ byte, index);
  return block;
}

/** Doubling in GF(2^128) (NIST SP 800-38B, section 6.1). */
function doubled(block: Buffer): Buffer {
  const value = BigInt(`0x${block.toString("hex")}`) << 1n;
  const reduced = value >> 128n === 0n ? value : (value ^ 0x87n) & ((1n << 128n) - 1n);
  return Buffer.from(reduced.toString(16).padStart(2 * blockBytes, "0"), "hex");
}
