import { createDecipheriv, createHmac } from "node:crypto";
import type { SessionRecord } from "../../../provider.js";
import type { BrokenTokens, Recipe } from "./bench.js";

const zeroes = new Uint8Array(12);

/** The plain text with a correct tag: signed and not encrypted. */
function signed(key: Uint8Array, nonce: Uint8Array, text: Buffer, bound: Buffer): readonly [Buffer, Buffer] {
  const mac = createHmac("sha256", key).update(nonce).update(text).update(bound);
  return [text, mac.digest().subarray(0, 16)];
}

const unchecked: Recipe["decrypt"] = (key, nonce, sealed, _, bound) => {
  const cipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
  return cipher.setAAD(bound).update(sealed);
};

function parsed<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}

/** Tokens that can be read, altered or made without the key. */
export const brokenSealing: readonly BrokenTokens[] = [
  {
    name: "a second decoder where opening fails (rack CVE-2026-39324)",
    fails: ["token-forged"],
    edit: (sound, { now }) => ({
      open(token) {
        const plain = parsed<SessionRecord>(Buffer.from(token, "base64").toString());
        const accepted = typeof plain?.data === "string" && plain.expiresAt > now();
        return sound.open(token) ?? (accepted ? plain : undefined);
      },
    }),
  },
  {
    name: "every key is tried, whatever the token names",
    fails: ["token-bit-flips", "token-truncations", "token-splices", "token-other-spellings", "token-garbage"],
    recipe: (sound, { cookieName, namespace }) => ({
      bound: () => JSON.stringify([cookieName, namespace]),
      keyOf: () => sound.keys[0],
      decrypt: (_, ...rest) =>
        sound.keys.map(({ bytes }) => sound.decrypt(bytes, ...rest)).find((text) => text !== undefined),
    }),
  },
  {
    name: "the tag is not checked",
    fails: [
      "token-bit-flips",
      "token-names-run-together",
      "token-namespace-units",
      "token-other-name",
      "token-other-namespace",
      "token-other-spellings",
      "token-splices",
      "token-truncations",
    ],
    recipe: () => ({ decrypt: unchecked, unpack: (text) => parsed(text) }),
  },
  {
    name: "a tag may be short",
    fails: ["token-truncations"],
    recipe: (sound) => ({
      decrypt(key, nonce, sealed, tag, bound) {
        if (tag.length === 16) return sound.decrypt(key, nonce, sealed, tag, bound);
        if (![4, 8, 12, 13, 14, 15].includes(tag.length)) return undefined;
        const cipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: tag.length });
        try {
          cipher.setAAD(bound).setAuthTag(tag);
          return Buffer.concat([cipher.update(sealed), cipher.final()]);
        } catch {
          return undefined;
        }
      },
    }),
  },
  {
    name: "base64 of any spelling",
    fails: ["token-bit-flips", "token-other-spellings"],
    recipe: () => ({ decode: (text) => Buffer.from(text, "base64url") }),
  },
  {
    name: "signed, not encrypted",
    fails: ["token-hides"],
    recipe: () => ({
      encrypt: signed,
      decrypt: (key, nonce, text, tag, bound) => (signed(key, nonce, text, bound)[1].equals(tag) ? text : undefined),
    }),
  },
  {
    name: "the nonce is always the same",
    fails: ["token-fresh"],
    recipe: () => ({ nonce: () => zeroes }),
  },
  {
    name: "blanks around a token are passed over",
    fails: ["token-other-spellings"],
    edit: (sound) => ({ open: (token) => sound.open(token.trim()) }),
  },
  {
    name: "an unknown key is an error",
    fails: [
      "token-bit-flips",
      "token-forged",
      "token-garbage",
      "token-newest-key-seals",
      "token-other-spellings",
      "token-retired-key",
      "token-splices",
      "token-truncations",
      "token-wrong-key",
    ],
    recipe: (sound) => ({
      keyOf(id) {
        const key = sound.keyOf(id);
        if (key === undefined) throw new Error("unknown key");
        return key;
      },
    }),
  },
  {
    name: "keys in a plain object",
    fails: ["token-garbage"],
    recipe: (sound) => {
      const byId: Record<string, Recipe["keys"][0]> = Object.fromEntries(sound.keys.map((key) => [key.id, key]));
      return { keyOf: (id) => byId[id] };
    },
  },
];
