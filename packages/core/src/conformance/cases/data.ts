import { isSessionError } from "../../errors.js";
import type { Provider, SessionRecord } from "../../provider.js";
import type { Case } from "../case.js";
import type { Kit } from "../kit.js";

const control = Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)).join("");

/** Characters that end a text, separate its lines, or get lost in a careless store. */
const controls = [control, "\0", "a\0b", "\x7f\x80\x9f", "\x1b[31m", "\u2028\u2029"];

/** Prefixes by which a store may mark what it has encoded; prefixes that stores cut off are tested above. */
const marks = [...control].filter((unit) => unit !== "\0" && unit.trim() !== "");
const beginnings = [...marks, "\x7f", "\\x", "0x", "base64:", "=", "~"].map((mark) => `${mark}a`);

const whitespace = [" ", "  a  ", "\n", "a\r\nb\rc\n", "\ta\t", "\u00a0a\u3000", "a ", "\x1a"];

/** Composed and decomposed characters, characters beyond the basic plane, byte order marks, noncharacters. */
const unicode = [
  "\u00e9",
  "e\u0301",
  "\ufb01",
  "\u212b",
  "\u{1f469}\u200d\u{1f680}",
  "\ufeffa",
  "\ufffd\uffff\ufdd0",
  "\u{10ffff}",
];

/** Texts that a store, a codec or a query might misinterpret. */
const lookalikes = [
  "null",
  "undefined",
  "0",
  "1e3",
  "1.0",
  "true",
  '{"b":1,"a":1.0,"b":2}',
  '{"__proto__":{"polluted":true}}',
  "__proto__",
  "constructor",
  "[1, 2]",
  `"'\``,
  "\\",
  "\\u0000\\n\\",
  "a%00b%",
  "'; DROP TABLE sessions; --",
  "$1 $(a) :b ?",
  "\\x00",
  "a,b;c=d|e",
];

/** Data is opaque: it is returned unchanged, on every path. */
export const dataCases: readonly Case[] = [
  dataCase("data-controls", "data with control characters comes back as it was", controls),
  dataCase("data-whitespace", "data with whitespace at its ends, or any line ends, comes back as it was", whitespace),
  dataCase("data-unicode", "data comes back in the very code points that went in", unicode),
  dataCase("data-lookalikes", "data that looks like a value, a query or an escape comes back as it was", lookalikes),
  dataCase("data-beginnings", "data that begins like a mark of the store's own comes back as it was", beginnings),
  dataCase("data-empty", "empty data comes back as empty data", [""]),
  {
    id: "data-big",
    rule: "G6",
    title: "300 KB come back as they were; beyond, a record is kept whole or refused with SESS_TOO_LARGE",
    guide: "#data",
    async run(kit) {
      const provider = await kit.open();
      const [ascii, wide] = ["0123456789abcdef".repeat(19_200), "\u20ac\u{1f600}".repeat(43_900)];
      await roundTrip(kit, provider, ascii);
      await roundTrip(kit, provider, wide);
      await keepOrRefuse(kit, provider, ascii.repeat(4));
    },
  },
  {
    id: "records-not-retained",
    rule: "G6",
    title: "a record that the caller changes after the call is stored as it was during the call",
    guide: "#data",
    async run(kit) {
      const [provider, key] = [await kit.open(), kit.key()];
      const [first, second] = [kit.session(), kit.session()];
      const [created, updated] = [{ ...first }, { ...second }];
      await provider.create(key, created);
      Object.assign(created, { data: "changed", version: "changed", owner: "changed" });
      kit.record(await provider.read(key), first, "read of what was created");
      await provider.update(key, updated, first.version);
      Object.assign(updated, { data: "changed", version: "changed", owner: "changed" });
      kit.record(await provider.read(key), second, "read of what was updated");
    },
  },
  {
    id: "records-not-shared",
    rule: "G6",
    title: "a record that the caller changes after reading is stored as it was",
    guide: "#data",
    async run(kit) {
      const [provider, key, record] = [await kit.open(), kit.key(), kit.session()];
      await provider.create(key, record);
      spoil(await provider.read(key));
      kit.record(await provider.read(key), record, "read after an earlier result was changed");
      const refusal = await provider.update(key, kit.session(), kit.version());
      spoil(refusal.written ? undefined : refusal.current);
      kit.record(await provider.read(key), record, "read after the current of a refusal was changed");
    },
  },
];

function dataCase(id: string, title: string, texts: readonly string[]): Case {
  return {
    id,
    rule: "G6",
    title,
    guide: "#data",
    async run(kit) {
      const provider = await kit.open();
      for (const text of texts) await roundTrip(kit, provider, text);
    },
  };
}

/** Through create, update and the `current` of a refusal. */
async function roundTrip(kit: Kit, provider: Provider, data: string): Promise<void> {
  const key = kit.key();
  const [created, updated] = [kit.session({ data }), kit.session({ data: `${data}.` })];
  const final = kit.session({ data });
  await provider.create(key, created);
  kit.record(await provider.read(key), created, "read after create");
  kit.written(await provider.update(key, updated, created.version), "update");
  kit.written(await provider.update(key, final, updated.version), "update");
  kit.record(await provider.read(key), final, "read after update");
  const refusal = await provider.update(key, created, created.version);
  if (!refusal.written && refusal.current !== undefined) kit.record(refusal.current, final, "current of a refusal");
}

async function keepOrRefuse(kit: Kit, provider: Provider, data: string): Promise<void> {
  const [key, record] = [kit.key(), kit.session({ data })];
  try {
    await provider.create(key, record);
  } catch (error) {
    if (!isSessionError(error) || error.code !== "SESS_TOO_LARGE") throw error;
    return kit.record(await provider.read(key), undefined, "read of what was refused as too large");
  }
  kit.record(await provider.read(key), record, "read of a big record");
}

/** Does not throw if the record is frozen, which is one way to keep the rule. */
function spoil(record: SessionRecord | undefined): void {
  if (record !== undefined) for (const field of ["data", "version", "owner"]) Reflect.set(record, field, "changed");
}
