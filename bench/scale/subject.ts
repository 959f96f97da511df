import { randomBytes } from "node:crypto";

/** A store of sessions, as it is measured. */
export interface Subject {
  /** Stores session number `n`, to live for an hour or long expired, the way a request would; resolves to its id. */
  make(n: number, expired: boolean): Promise<string>;
  /** Loads a live session and reads a field of it; resolves to what stores a change to it. */
  load(id: string): Promise<() => Promise<void>>;
  /** How many sessions there are. */
  count(): Promise<number>;
  /** Removes what has expired; resolves to how many. Absent where there is no such thing. */
  readonly gc?: () => Promise<number>;
  /** What all sessions take now, in bytes: of this process's heap, of the server's memory, or of the disk. */
  bytes(): Promise<number>;
  close(): Promise<void>;
}

export const hour = 3_600_000;

/** What an application keeps of somebody who is signed in: a hundred characters, no two alike. */
export function dataOf(n: number) {
  return {
    user: { id: n, name: `ada.${n}@example.org`, roles: ["customer"] },
    csrf: randomBytes(24).toString("base64url"),
  };
}

/** The heap and what hangs on it, once everything that can go has gone. Needs `--expose-gc`. */
export async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
