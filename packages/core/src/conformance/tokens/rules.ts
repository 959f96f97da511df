/** What is tested of a token provider, by the guarantees that hold for all of them, and what the contract promises. */
export const tokenRules = {
  G5: "the expired does not exist, replayed or not",
  G6: "what comes back is what went in",
  G7: "names and namespaces never see each other",
  G10: "what is malformed or forged is none, without an error",
  G14: "a token is sealed: nothing of it is read, altered or made by anybody else",
  C3: "close closes one handle",
} as const;

/** A key of {@link tokenRules}. */
export type TokenRule = keyof typeof tokenRules;
