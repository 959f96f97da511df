import { quoted } from "../config/checks.js";
import { SessionError } from "../errors.js";
import type { StoreConnector } from "../provider.js";
import { MemoryProvider } from "./memory-provider.js";
import { MemoryStore } from "./memory-store.js";

/** The configuration of the memory provider. */
export interface MemoryConfig {
  /**
   * Maximum number of sessions: an integer of at least 1, 100000 by default. Beyond it, the least recently used session
   * is removed, which logs its user out. Markers of ended sessions and old ids are kept in the same number, at least
   * 10000; beyond that, the one that expires first is removed before its two minutes are over.
   */
  readonly maxSessions?: number;
}

/**
 * Sessions in this process's memory: for tests, and for a single process that may lose them. Each call makes a store of
 * its own. Everything that connects by the returned connector shares that store, as processes share a server, and the
 * sessions outlive the handles. The only string accepted as configuration is the empty one. Throws a `SessionError`
 * with `SESS_CONFIG`.
 */
export function memory(config?: MemoryConfig | string): StoreConnector {
  const store = new MemoryStore(maxSessionsOf(config));
  return {
    kind: "store",
    name: "memory",
    connect: async (context) => {
      await warnInCluster();
      return new MemoryProvider(store, () => context.now());
    },
  };
}

let warned = false;

/** Warns once for a process: requests of one user reach several workers, each with sessions of its own. */
async function warnInCluster(): Promise<void> {
  if (warned) return;
  const { default: cluster } = await import("node:cluster");
  if (!cluster.isWorker || warned) return;
  warned = true;
  process.emitWarning(
    "Sessions are kept in memory in a worker of a cluster: each worker keeps sessions of its own, and users are signed " +
      "in or not by chance. Use a provider that the workers share.",
    { code: "SESS_MEMORY_IN_CLUSTER" },
  );
}

function maxSessionsOf(config: MemoryConfig | string | undefined): number {
  if (config === undefined || config === "") return 100_000;
  if (typeof config !== "object" || config === null) {
    throw new SessionError("SESS_CONFIG", "providerConfig: the memory provider takes an object or the empty string");
  }
  const unknown = Object.keys(config).find((key) => key !== "maxSessions");
  if (unknown !== undefined) {
    throw new SessionError("SESS_CONFIG", `unknown key ${quoted(unknown)} in the memory provider's configuration`);
  }
  const { maxSessions = 100_000 } = config;
  if (!Number.isSafeInteger(maxSessions) || maxSessions < 1) {
    throw new SessionError("SESS_CONFIG", "maxSessions must be an integer of at least 1");
  }
  return maxSessions;
}
