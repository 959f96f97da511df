import type { SessionRecord } from "../../../provider.js";
import type { TokenCase } from "../case.js";

const secret = "the quick brown fox jumps over the lazy dog";

/** No part of a token can be read, and a text that we did not seal is not a token. */
export const sealingCases: readonly TokenCase[] = [
  {
    id: "token-hides",
    rule: "G14",
    title: "neither data nor version can be read from a token without the key",
    guide: "#token-sealing",
    async run(kit) {
      const provider = await kit.open();
      const token = provider.seal(kit.record({ data: secret, version: `version ${secret}` }));
      for (const encoding of ["utf8", "base64url", "base64", "hex"] as const) {
        for (const part of [token, ...token.split(/[.~|:!*]/)]) {
          const plain = Buffer.from(part, encoding).toString("latin1").includes("brown fox");
          if (plain) kit.fail(`the token as ${encoding}`, "nothing of the record", "a part of the record");
        }
      }
    },
  },
  {
    id: "token-fresh",
    rule: "G14",
    title: "one record sealed again is another token throughout, so that nobody sees that nothing has changed",
    guide: "#token-sealing",
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.record({ data: secret })];
      const tokens = new Set(Array.from({ length: 100 }, () => provider.seal(record)));
      kit.equal(tokens.size, 100, "different tokens, of 100");
      // In every format, the last units belong to the ciphertext or its tag. Random ones collide once in 10^13 runs.
      const ends = new Set([...tokens].map((token) => token.slice(-12)));
      kit.equal(ends.size, 100, "different ends of tokens, of 100");
      for (const token of tokens) kit.opens(provider, token, record, "open");
    },
  },
  {
    id: "token-forged",
    rule: "G14",
    title: "what was never sealed is none, however well it is formed: there is no second way to read a token",
    guide: "#token-sealing",
    async run(kit) {
      const [provider, record] = [await kit.open(), kit.record()];
      const sealed = provider.seal(record);
      for (const token of forgeries(record, sealed)) kit.refuses(provider, token, "open of a forgery");
    },
  },
  {
    id: "token-garbage",
    rule: "G10",
    title: "garbage is none, and never an error",
    guide: "#token-sealing",
    async run(kit) {
      const provider = await kit.open();
      const sealed = provider.seal(kit.record());
      for (const token of [...odd, ...randomTexts(), ...oddHeads(sealed)]) {
        kit.refuses(provider, token, "open of garbage");
      }
    },
  },
];

/** The record itself in the forms that a fallback decoder would accept, alone and instead of the sealed part. */
function forgeries(record: SessionRecord, sealed: string): string[] {
  const json = [record, [record.data, record.version, record.expiresAt], { r: record, t: 0 }].map((one) =>
    JSON.stringify(one),
  );
  const plain = json.flatMap((text) => [
    text,
    encodeURIComponent(text),
    ...(["base64", "base64url", "hex"] as const).map((encoding) => Buffer.from(text).toString(encoding)),
  ]);
  const heads = [4, 6, 8, 9, 10, 12, 16].map((length) => sealed.slice(0, length));
  return [...plain, ...plain.flatMap((text) => heads.map((head) => head + text))];
}

const odd = [
  "",
  "0",
  "=",
  ".",
  "..",
  "...",
  "null",
  "undefined",
  "{}",
  "[]",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "\0",
  "\ud800",
  "é",
  "\u{1f469}",
  "%",
  "%00",
  "A".repeat(4096),
  "-".repeat(16_384),
  ".".repeat(16_384),
];

const heads = ["__proto__", "constructor", "toString", "valueOf", "", "0", "-1", "\0"];

/** Well formed except for the part that names the key, wherever that is. */
function oddHeads(sealed: string): string[] {
  const rests = [sealed.slice(8), sealed.slice(sealed.search(/[.~|:!*]/))];
  return heads.flatMap((head) => [...rests.map((rest) => head + rest), `${head}.${sealed}`, `${head}.a.b`, `${head}.`]);
}

function randomTexts(): string[] {
  return Array.from({ length: 500 }, (_, index) =>
    Buffer.from(crypto.getRandomValues(new Uint8Array(index))).toString(index % 2 === 0 ? "base64url" : "latin1"),
  );
}
