import { randomBytes } from "node:crypto";

/** A store of sessions, as it is measured. */
export interface Subject {
  /** Stores session number `n`, to live for an hour or long expired, the way a request would; resolves to its id. */
  make(n: number, expired: boolean): Promise<string>;
  /** Loads a live session and reads a field of it; resolves to a function that stores a change. */
  load(id: string): Promise<() => Promise<void>>;
  /** How many sessions there are. */
  count(): Promise<number>;
  /** Removes expired sessions; resolves to their number. Absent if the store has no such operation. */
  readonly gc?: () => Promise<number>;
  /** What all sessions take now, in bytes: of this process's heap, of the server's memory, or of the disk. */
  bytes(): Promise<number>;
  close(): Promise<void>;
}

export const hour = 3_600_000;

/** What an application keeps for a signed-in user: a hundred characters, different for each. */
export function dataOf(n: number) {
  return {
    user: { id: n, name: `ada.${n}@example.org`, roles: ["customer"] },
    csrf: randomBytes(24).toString("base64url"),
  };
}

/** The heap and its external memory after a full garbage collection. Needs `--expose-gc`. */
export async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
