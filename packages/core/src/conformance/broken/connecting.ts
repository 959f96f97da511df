import { turn } from "../kit.js";
import type { Broken } from "./bench.js";

const [made, making] = [new Set<string>(), new Set<string>()];

/** Connecting that fails if several connect at once, does not notice an outage, or rejects with the wrong error. */
export const brokenConnecting: readonly Broken[] = [
  {
    name: "connecting makes a place that another is making",
    fails: ["connect-at-once"],
    edit: () => ({}),
    async connect(wire, namespace) {
      await wire.carry(async () => {});
      if (made.has(namespace)) return;
      if (making.has(namespace)) throw new Error("duplicate key");
      making.add(namespace);
      await turn();
      made.add(namespace);
    },
  },
  {
    name: "connecting does not look whether the store is there",
    fails: ["outage-connect-down", "outage-connect-silent"],
    edit: () => ({}),
    connect: async () => {},
  },
  {
    name: "connecting rejects with what the driver threw",
    fails: ["outage-connect-down", "outage-connect-silent"],
    edit: () => ({}),
    async connect(wire) {
      await wire.carry(async () => {}).catch((cause) => Promise.reject(new Error("ECONNREFUSED", { cause })));
    },
  },
];
