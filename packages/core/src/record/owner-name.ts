import { createCipheriv, createDecipheriv, hash, randomFillSync } from "node:crypto";

// The store has an owner's hash, which cannot be read back. The name itself is stored encrypted with a key that only
// the session's id gives: whoever has the session can read it, and whoever has a copy of the store cannot.
const nonceBytes = 12;
const tagBytes = 16;

/** An owner's name, readable with the id alone: AES-256-GCM (NIST SP 800-38D), in base64url. */
export function sealOwnerName(id: string, name: string): string {
  const nonce = randomFillSync(Buffer.alloc(nonceBytes));
  const cipher = createCipheriv("aes-256-gcm", keyOf(id), nonce);
  // As UTF-16, in which also a lone surrogate stays what it is.
  return Buffer.concat([nonce, cipher.update(name, "utf16le"), cipher.final(), cipher.getAuthTag()]).toString(
    "base64url",
  );
}

/** The name; `undefined` if it was not sealed for this id. */
export function openOwnerName(id: string, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, "base64url");
  const end = bytes.length - tagBytes;
  if (end < nonceBytes) return undefined;
  const options = { authTagLength: tagBytes };
  const cipher = createDecipheriv("aes-256-gcm", keyOf(id), bytes.subarray(0, nonceBytes), options);
  cipher.setAuthTag(bytes.subarray(end));
  try {
    return Buffer.concat([cipher.update(bytes.subarray(nonceBytes, end)), cipher.final()]).toString("utf16le");
  } catch {
    return undefined;
  }
}

/** Makes a name that is sealed for one id readable with another. */
export function resealOwnerName(sealed: string, from: string, to: string): string | undefined {
  const name = openOwnerName(from, sealed);
  return name === undefined ? undefined : sealOwnerName(to, name);
}

/** Never equal to a key that a store sees, which is made of the same id with another tag. */
function keyOf(id: string): Buffer {
  return hash("sha256", `sess/owner-name/1\n${id}`, "buffer");
}
