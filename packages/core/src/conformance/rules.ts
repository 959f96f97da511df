/**
 * What is tested: the guarantees that hold for every provider (G1 to G7), and further promises of the contract (C1 to
 * C4).
 */
export const rules = {
  G1: "no update is lost",
  G2: "a write counts once, however often it is sent",
  G3: "what was destroyed stays destroyed",
  G4: "a key holds one session, a retired key one marker",
  G5: "the expired does not exist, and expiry never moves back",
  G6: "what comes back is what went in",
  G7: "namespaces never see each other",
  C1: "count counts sessions",
  C2: "keys and keysOf leave nothing out",
  C3: "close closes one handle",
  C4: "a store that fails is an error in time, and works again by itself",
} as const;

/** A row of the table at the end of a run. */
export type Rule = keyof typeof rules;
