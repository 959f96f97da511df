import type { TokenProvider } from "../../../provider.js";
import type { BrokenTokens } from "./bench.js";

const handles = new Map<string, TokenProvider[]>();

/** Records that come back changed, tokens that do not fit, and handles that do not close or close others as well. */
export const brokenKeeping: readonly BrokenTokens[] = [
  {
    name: "data is trimmed",
    fails: ["token-round-trip", "token-round-trip-version"],
    edit: (sound) => ({ seal: (record) => sound.seal({ ...record, data: record.data.trim() }) }),
  },
  {
    name: "data in normal form",
    fails: ["token-round-trip"],
    edit: (sound) => ({ seal: (record) => sound.seal({ ...record, data: record.data.normalize() }) }),
  },
  {
    name: "what does not fit is cut off",
    fails: ["token-big"],
    edit: (sound) => ({ seal: (record) => sound.seal({ ...record, data: record.data.slice(0, 3000) }) }),
  },
  {
    name: "too large is an error without a code",
    fails: ["token-big"],
    edit: (sound) => ({
      seal(record) {
        if (record.data.length > 3000) throw new RangeError("too large");
        return sound.seal(record);
      },
    }),
  },
  {
    name: "the version is cut to what is usual",
    fails: ["token-round-trip-version"],
    edit: (sound) => ({ seal: (record) => sound.seal({ ...record, version: record.version.slice(0, 255) }) }),
  },
  {
    name: "an empty version is none",
    fails: ["token-round-trip-version"],
    edit: (sound) => ({
      open(token) {
        const record = sound.open(token);
        return record?.version === "" ? undefined : record;
      },
    }),
  },
  {
    name: "the owner is dropped",
    fails: ["token-all-or-nothing"],
    edit: (sound) => ({ seal: ({ data, version, expiresAt }) => sound.seal({ data, version, expiresAt }) }),
  },
  {
    name: "a token in quotes",
    fails: ["token-characters"],
    edit: (sound) => ({
      seal: (record) => JSON.stringify(sound.seal(record)),
      open: (token) => (/^".*"$/.test(token) ? sound.open(token.slice(1, -1)) : undefined),
    }),
  },
  { name: "close does not close", fails: ["token-closed"], edit: () => ({ close: async () => {} }) },
  {
    name: "a closed handle opens nothing in silence",
    fails: ["token-closed"],
    edit(sound) {
      let closed = false;
      return {
        open: (token) => (closed ? undefined : sound.open(token)),
        async close() {
          closed = true;
          await sound.close();
        },
      };
    },
  },
  {
    name: "close rejects the second time",
    fails: ["token-close-twice"],
    edit: (sound, { now }) => ({
      async close() {
        sound.seal({ data: "", version: "", expiresAt: now() });
        await sound.close();
      },
    }),
  },
  {
    name: "close closes every handle",
    fails: ["token-close-alone"],
    edit(sound, _, { namespace }) {
      const group = [...(handles.get(namespace) ?? []), sound];
      handles.set(namespace, group);
      return {
        async close() {
          for (const handle of handles.get(namespace) ?? []) await handle.close();
        },
      };
    },
  },
];
