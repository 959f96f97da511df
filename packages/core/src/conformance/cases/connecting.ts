import type { Case } from "../case.js";

const namespaces = ["home", "longer", "running", "lookalike"] as const;
const at = [0, 1, 2, 3, 4, 5, 6, 7] as const;

/** Connecting, as the processes of one application do when they start. */
export const connectingCases: readonly Case[] = [
  {
    id: "connect-at-once",
    rule: "C3",
    title: "many handles connect at once to a place where nobody was before, and work together",
    guide: "#connecting",
    needs: ["shared"],
    async run(kit) {
      for (const namespace of namespaces) {
        const handles = await Promise.all(at.map(() => kit.open(namespace)));
        const [key, record] = [kit.key(), kit.session()];
        await handles[0]?.create(key, record);
        for (const handle of handles) kit.record(await handle.read(key), record, "read by one of many handles");
      }
    },
  },
];
