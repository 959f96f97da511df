import type { Cluster, Redis } from "../../packages/redis/test/replicas.js";
import type { PrivateRedis } from "../../packages/redis/test/server.js";

/** Instants of the monotonic clock, in milliseconds. */
export interface Takeover {
  /**
   * When the master was gone, some milliseconds after it was killed: it acknowledges nothing that begins after this.
   */
  readonly killed: number;
  /** When another server took its place. */
  readonly elected: number;
  /** Whether a slot was the master's. */
  readonly owned: (slot: number) => boolean;
}

/** Redis servers that fail over to each other. */
export interface Deployment {
  /** Masters that share the slots. */
  readonly shards: number;
  /** A client as an application has it, which the caller closes. */
  connect(): Redis | Cluster;
  /** The slot of a key; 0 where there are none. */
  slotOf(key: string): Promise<number>;
  /** Every key there is. */
  keys(): Promise<readonly string[]>;
  /**
   * Kills a master with SIGKILL, and resolves when another has taken its place. For `cut` milliseconds before that, its
   * replica gets nothing, so only the master has the writes acknowledged in that time.
   */
  failOver(cut: number): Promise<Takeover>;
  /** Starts again what was killed; resolves when it is a replica in sync. */
  heal(): Promise<void>;
  stop(): Promise<void>;
}

/** Cuts the replica off, and kills the master; see {@link Deployment.failOver}. */
export async function cutOff(
  master: PrivateRedis,
  observer: Redis,
  replica: PrivateRedis,
  cut: number,
): Promise<Pick<Takeover, "killed">> {
  if (cut > 0) {
    // It cannot come back at once, and calls sent from now on are not in a buffer of its machine either.
    replica.pause();
    await observer.call("CLIENT", "KILL", "TYPE", "replica");
    await new Promise((resolve) => setTimeout(resolve, cut));
  }
  await master.kill();
  const killed = performance.now();
  if (cut > 0) replica.resume();
  return { killed };
}

/** Time between two checks of a server, in milliseconds. */
export const lookEvery = 10;

/** Polls until there is a result; rejects after half a minute. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const begun = performance.now();
  for (;;) {
    const found = await look().catch(() => undefined);
    if (found !== undefined) return found;
    if (performance.now() - begun > 30_000) throw new Error(`${what}: not after 30 s`);
    await new Promise((resolve) => setTimeout(resolve, lookEvery));
  }
}
