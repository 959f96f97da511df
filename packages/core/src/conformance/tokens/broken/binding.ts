import { type BenchKey, type BrokenTokens, benchKey } from "./bench.js";

const remembered = new Map<string, BenchKey>();

/** Tokens bound to too little, and keys that are mistaken. */
export const brokenBinding: readonly BrokenTokens[] = [
  {
    name: "bound to nothing but the key",
    fails: ["token-other-name", "token-other-namespace", "token-names-run-together", "token-namespace-units"],
    recipe: () => ({ bound: () => "" }),
  },
  {
    name: "not bound to the namespace",
    fails: ["token-other-namespace", "token-names-run-together", "token-namespace-units"],
    recipe: (_, { cookieName }) => ({ bound: () => cookieName }),
  },
  {
    name: "the names run together",
    fails: ["token-names-run-together"],
    recipe: (_, { cookieName, namespace }) => ({ bound: (id) => id + JSON.stringify(cookieName + namespace) }),
  },
  {
    name: "the namespace in UTF-8",
    fails: ["token-namespace-units"],
    recipe: (_, { cookieName, namespace }) => ({ bound: () => `${cookieName.length}:${cookieName}${namespace}` }),
  },
  {
    name: "names without regard to case",
    fails: ["token-other-name", "token-other-namespace"],
    recipe: (sound) => ({ bound: (id) => sound.bound(id).toLowerCase() }),
  },
  {
    name: "the oldest key seals (Flask CVE-2025-47278)",
    fails: ["token-newest-key-seals"],
    recipe: (sound) => ({ sealingKey: () => sound.keys.at(-1) ?? sound.keys[0] }),
  },
  {
    name: "only the newest key opens",
    fails: ["token-rotation", "token-retired-key"],
    recipe: (sound) => ({ keyOf: (id) => (id === sound.keys[0].id ? sound.keys[0] : undefined) }),
  },
  {
    name: "a key once seen is never forgotten",
    fails: ["token-wrong-key", "token-newest-key-seals", "token-retired-key"],
    recipe: (sound) => {
      for (const key of sound.keys) remembered.set(key.id, key);
      return { keyOf: (id) => remembered.get(id) };
    },
  },
  {
    name: "one key for everybody",
    fails: ["token-wrong-key", "token-newest-key-seals", "token-retired-key"],
    recipe: () => {
      const key = benchKey(new Uint8Array(32));
      return { keys: [key], sealingKey: () => key, keyOf: (id) => (id === key.id ? key : undefined) };
    },
  },
];
