import { sha256 } from "@noble/hashes/sha2.js";
import { encode } from "./buffer.js";

export function hash(_algorithm: "sha256", text: string, encoding: string): string {
  return encode(sha256(new TextEncoder().encode(text)), encoding);
}

export function randomFillSync<T extends Uint8Array<ArrayBuffer>>(bytes: T): T {
  return crypto.getRandomValues(bytes);
}

/** For names of owners, which the page does not give. */
export function createCipheriv(): never {
  throw new Error("not in a browser");
}
export const createDecipheriv = createCipheriv;
