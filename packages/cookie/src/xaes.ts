import { type Cipher, createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from "node:crypto";

const blockBytes = 16;

/** Node 24 needs 8 us more to make a cipher of a raw key than of a key object. In Node 20, 22 and 26, the object costs 1. */
const takesKeyObjects = Number.parseInt(process.versions.node, 10) === 24;

/** Bytes of a key. */
export const keyBytes = 32;
/** Bytes of a nonce: enough to choose it at random for 2^80 tokens of one key. */
export const nonceBytes = 24;
/** Bytes of an authentication tag, the longest that GCM has (NIST SP 800-38D, section 5.2.1.2). */
export const tagBytes = 16;

/**
 * XAES-256-GCM (C2SP, c2sp.org/XAES-256-GCM): AES-256-GCM (NIST SP 800-38D) with a separate key for every nonce,
 * derived from the first half of the nonce by CMAC in counter mode (NIST SP 800-108r1, section 4.1). Plain GCM allows
 * only 2^32 random nonces under one key (SP 800-38D, section 8.3).
 */
export class Xaes {
  /** In ECB without padding, each block is independent, so one object serves for every derivation. */
  readonly #block: Cipher;
  readonly #subkey: Buffer;
  /** The two counter blocks, masked with CMAC's subkey. The half nonce is written into them for each derivation. */
  readonly #counters: Buffer;

  constructor(key: Uint8Array) {
    // ECB takes no vector. Node has null for that as well, workerd of July 2026 only an empty one.
    this.#block = createCipheriv("aes-256-ecb", key, Buffer.alloc(0)).setAutoPadding(false);
    this.#subkey = doubled(this.#block.update(Buffer.alloc(blockBytes)));
    this.#counters = Buffer.concat([counterBlock(1, this.#subkey), counterBlock(2, this.#subkey)]);
  }

  /** The ciphertext and its tag, to be appended to the parts before them. A nonce may be used only once. */
  seal(nonce: Buffer, text: Uint8Array, bound: Uint8Array): readonly Buffer[] {
    const cipher = createCipheriv("aes-256-gcm", this.#keyFor(nonce), nonce.subarray(12), { authTagLength: tagBytes });
    cipher.setAAD(bound);
    return [cipher.update(text), cipher.final(), cipher.getAuthTag()];
  }

  /**
   * The text; `undefined` when anything differs from what was sealed. No text is returned before the tag is verified.
   */
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

  #keyFor(nonce: Buffer): Buffer | KeyObject {
    for (let at = 4; at < blockBytes; at += 4) {
      const word = this.#subkey.readInt32BE(at) ^ nonce.readInt32BE(at - 4);
      this.#counters.writeInt32BE(word, at);
      this.#counters.writeInt32BE(word, at + blockBytes);
    }
    const key = this.#block.update(this.#counters);
    return takesKeyObjects ? createSecretKey(key) : key;
  }
}

/** A counter, the label "X", a separator, and space for half a nonce, masked as CMAC masks its last block. */
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
