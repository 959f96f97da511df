import type { Random } from "./random.js";

/** Base64url, the letters of an id. */
export const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const odd = `${base64url}=+/.%;, "\t\n\0\\\u007f\u00e9\u212a\ud800\ufeff`;

type Mutation = (token: string, random: Random, other: string) => string;

const mutations: readonly Mutation[] = [
  // One unit becomes another.
  (token, random) => splice(token, random.below(token.length), 1, random.text(base64url, 1)),
  (token, random) => splice(token, random.below(token.length), 1, random.text(odd, 1)),
  // One bit of the text, or of the bytes in it.
  (token, random) => {
    const at = random.below(token.length);
    return splice(token, at, 1, String.fromCharCode(token.charCodeAt(at) ^ (1 << random.below(8))));
  },
  (token, random) => {
    const bytes = Buffer.from(token, "base64url");
    if (bytes.length === 0) return token;
    const at = random.below(bytes.length);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << random.below(8)), at);
    return bytes.toString("base64url");
  },
  // A part is removed, inserted, doubled or moved.
  (token, random) => token.slice(0, random.below(token.length)),
  (token, random) => token.slice(1 + random.below(token.length)),
  (token, random) => splice(token, random.below(token.length), 1 + random.below(20), ""),
  (token, random) => splice(token, random.below(token.length + 1), 0, random.text(odd, 1 + random.below(8))),
  (token, random) => token + token.slice(0, random.below(token.length)),
  (token, random) => {
    const at = random.below(token.length);
    return token.slice(at) + token.slice(0, at);
  },
  // The head of one and the rest of another: the id of one key with the text that another sealed.
  (token, random, other) => splice(other, 0, 8, token.slice(0, 8)) + random.text(base64url, random.below(2)),
  (token, random, other) => {
    const at = 1 + random.below(Math.min(token.length, other.length) - 1);
    return token.slice(0, at) + other.slice(at);
  },
  // A correct head, followed by a wrong rest.
  (token, random) => token.slice(0, 8) + random.text(base64url, random.below(400)),
  (token, random) => token.slice(0, 8 + 32) + random.text(base64url, 20 + random.below(200)),
  // Nothing correct.
  (_, random) => random.text(base64url, random.below(400)),
  (_, random) => random.text(odd, random.below(60)),
  (_, random) => random.text(base64url, 1).repeat(random.below(4000)),
];

/** A text like a token: mostly a token that was altered in one to three ways. */
export function mutated(tokens: readonly string[], random: Random): string {
  let token = random.pick(tokens);
  for (let round = random.below(3); round >= 0; round--) {
    if (token.length < 2) token = "AA";
    token = random.pick(mutations)(token, random, random.pick(tokens));
  }
  return token;
}

function splice(text: string, at: number, length: number, put: string): string {
  return text.slice(0, at) + put + text.slice(at + length);
}
