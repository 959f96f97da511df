import { isSessionError } from "../../../errors.js";
import type { SessionRecord, TokenProvider } from "../../../provider.js";
import type { TokenCase } from "../case.js";
import type { TokenKit } from "../kit.js";

const hostile = [
  "",
  Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join(""),
  "\0",
  "a\0b",
  "\x7f\x80\x9f\u2028\u2029",
  "  a \r\n\t",
  "\u00e9e\u0301\ufb01\u{1f469}\u200d\u{1f680}\ufeffa\ufffd\uffff\u{10ffff}",
  "\ufeff",
  "null",
  '{"data":"other","version":"other","expiresAt":9e15,"__proto__":{"polluted":true}}',
  "\\u0000\\n%00%3B;,=\"'`",
  "....----____++++////====",
];

/** A record comes back as it was, in a token that a cookie can hold. */
export const keepingCases: readonly TokenCase[] = [
  {
    id: "token-round-trip",
    rule: "G6",
    title: "a record is opened as it was sealed, whatever its data",
    guide: "#tokens",
    async run(kit) {
      const [one, two] = [await kit.open(), await kit.open()];
      for (const data of hostile) {
        const record = kit.record({ data });
        kit.opens(one, one.seal(record), record, "open by the handle that sealed");
        kit.opens(two, one.seal(record), record, "open by another handle");
      }
    },
  },
  {
    id: "token-round-trip-version",
    rule: "G6",
    title: "a version comes back as it was, be it empty, long, or like the data",
    guide: "#tokens",
    async run(kit) {
      const provider = await kit.open();
      for (const version of ["", "0", "a.b~c-d_e", "v".repeat(300), "data of data"]) {
        const record = kit.record({ version, data: `data of ${version}` });
        kit.opens(provider, provider.seal(record), record, "open");
      }
    },
  },
  {
    id: "token-characters",
    rule: "G6",
    title: "a token has only characters that a cookie's value can hold, and no quotes",
    guide: "#tokens",
    async run(kit) {
      const provider = await kit.open();
      for (const data of hostile) {
        const token = provider.seal(kit.record({ data }));
        const fits = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]+$/.test(token);
        if (!fits) kit.fail("seal", "cookie-octets (RFC 6265, section 4.1.1)", JSON.stringify(token));
      }
    },
  },
  {
    id: "token-big",
    rule: "G6",
    title: "2,500 bytes come back as they were; beyond, a record is kept whole or refused with SESS_TOO_LARGE",
    guide: "#tokens",
    async run(kit) {
      const provider = await kit.open();
      const big = kit.record({ data: "0123456789".repeat(250) });
      kit.opens(provider, provider.seal(big), big, "open of 2,500 bytes");
      const bigger = kit.record({ data: "\u20ac".repeat(7_000) });
      keptOrRefused(kit, provider, bigger, "SESS_TOO_LARGE");
    },
  },
  {
    id: "token-all-or-nothing",
    rule: "G6",
    title: "an owner and a marker are kept, or refused with SESS_UNSUPPORTED; never dropped in silence",
    guide: "#tokens",
    async run(kit) {
      const provider = await kit.open();
      keptOrRefused(kit, provider, kit.record({ owner: "0".repeat(64) }), "SESS_UNSUPPORTED");
      keptOrRefused(kit, provider, kit.record({ retired: "" }), "SESS_UNSUPPORTED");
    },
  },
];

function keptOrRefused(
  kit: TokenKit,
  provider: TokenProvider,
  record: SessionRecord,
  code: "SESS_TOO_LARGE" | "SESS_UNSUPPORTED",
): void {
  let token: string;
  try {
    token = provider.seal(record);
  } catch (error) {
    if (isSessionError(error) && error.code === code) return;
    throw error;
  }
  kit.opens(provider, token, record, "open of what was not refused");
}
