import type { TokenCase } from "../case.js";
import type { TokenKit } from "../kit.js";

/** Every change of a token makes it invalid. */
export const alteredCases: readonly TokenCase[] = [
  {
    id: "token-bit-flips",
    rule: "G14",
    title: "a token with any one bit flipped is none",
    guide: "#token-sealing",
    run: (kit) => refuseAll(kit, flipped, "open with a bit flipped"),
  },
  {
    id: "token-truncations",
    rule: "G14",
    title: "a token that was cut, at its end or its beginning, is none",
    guide: "#token-sealing",
    run: (kit) => refuseAll(kit, cut, "open of a part"),
  },
  {
    id: "token-other-spellings",
    rule: "G14",
    title: "a token has one spelling: padded, quoted, in another alphabet or with other unused bits it is none",
    guide: "#token-sealing",
    run: (kit) => refuseAll(kit, respelled, "open in another spelling"),
  },
  {
    id: "token-splices",
    rule: "G14",
    title: "two tokens put together at any place are none: the id of one key on the token of another least of all",
    guide: "#token-keys",
    async run(kit) {
      const [one, two] = [kit.key(), kit.key()];
      const handles = [await kit.open({ keys: [one, two] }), await kit.open({ keys: [two, one] })] as const;
      const tokens = [...handles, handles[0]].map((handle) => handle.seal(kit.record({ data: "same length" })));
      for (const left of tokens) {
        for (const right of tokens) {
          for (const token of spliced(left, right)) {
            if (!tokens.includes(token)) kit.refuses(handles[0], token, "open of two put together");
          }
        }
      }
    },
  },
];

async function refuseAll(kit: TokenKit, alter: (token: string) => Iterable<string>, what: string): Promise<void> {
  const provider = await kit.open();
  for (const token of kit.samples(provider)) {
    for (const altered of alter(token)) if (altered !== token) kit.refuses(provider, altered, what);
  }
}

/** Every bit of the text, and every bit of the bytes that base64url parts of it encode. */
function* flipped(token: string): Iterable<string> {
  for (let at = 0; at < token.length; at++) {
    for (let bit = 1; bit < 256; bit *= 2) {
      yield token.slice(0, at) + String.fromCharCode(token.charCodeAt(at) ^ bit) + token.slice(at + 1);
    }
  }
  if (!/^[\w-]+$/.test(token)) return;
  const bytes = Buffer.from(token, "base64url");
  for (const [at, byte] of bytes.entries()) {
    for (let bit = 1; bit < 256; bit *= 2) {
      bytes.writeUInt8(byte ^ bit, at);
      yield bytes.toString("base64url");
    }
    bytes.writeUInt8(byte, at);
  }
}

function* cut(token: string): Iterable<string> {
  for (let at = 0; at < token.length; at++) {
    yield token.slice(0, at);
    yield token.slice(at + 1);
    yield token.slice(0, at) + token.slice(at + 1);
  }
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function* respelled(token: string): Iterable<string> {
  for (const end of ["=", "==", "===", " ", "\n", "\0", ".", "A", "AA", "AAAA", ";", "%3D"]) yield token + end;
  for (const start of [" ", "\n", "=", ".", "A", "\ufeff"]) yield start + token;
  for (const at of [1, 2, 3, 9, 20, token.length - 1]) yield `${token.slice(0, at)}\n${token.slice(at)}`;
  for (const at of [1, 2, 3, 9, 20, token.length - 1]) yield `${token.slice(0, at)}=${token.slice(at)}`;
  for (const last of alphabet) yield token.slice(0, -1) + last;
  yield `"${token}"`;
  yield token.replaceAll("-", "+").replaceAll("_", "/");
  yield token.replaceAll(/[-_.]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
  yield token.toLowerCase();
  yield token.toUpperCase();
}

/** The first units of one token and the rest of the other, cut at every position. */
function* spliced(left: string, right: string): Iterable<string> {
  for (let at = 1; at < Math.min(left.length, right.length); at++) yield left.slice(0, at) + right.slice(at);
}
