import { scrypt } from "node:crypto";
import type { Passphrase } from "./config.js";
import { keyCommand } from "./problem.js";
import { keyBytes } from "./xaes.js";

/** OWASP Password Storage Cheat Sheet, scrypt: N = 2^17, r = 8, p = 1, which is 128 MiB. */
const cost = { N: 2 ** 17, r: 8, p: 1, maxmem: 2 ** 28 };

/**
 * Derives a key from the seed's secrets (scrypt, RFC 7914). Every process of a deployment must derive the same key, so
 * there cannot be a random salt. The `securityName` takes its place and separates applications, if they set it.
 */
export function stretch({ securityKey, blockKey, securityName }: Passphrase): Promise<Buffer> {
  const secret = JSON.stringify([securityKey, blockKey]);
  const salt = JSON.stringify(["sess/cookie/1", securityName]);
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, keyBytes, cost, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}

let warned = false;

/** Warns once for a process. */
export function warnOfPassphrase(): void {
  if (warned) return;
  warned = true;
  process.emitWarning(
    'The "securityKey" of @sess/cookie is a passphrase, and whoever has a cookie can try to guess it.',
    {
      code: "SESS_COOKIE_SECURITY_KEY",
      detail: `Make a key with: ${keyCommand}\nThen use { keys: [key], securityKey } until the sessions of today have ended, then { keys: [key] }.`,
    },
  );
}
