import { isSessionError } from "@sess/core";

export const kinds = ["update", "save", "create", "destroy", "regenerate", "read"] as const;
export type Kind = (typeof kinds)[number];

/**
 * No operation may take longer, in milliseconds: a read of 2 s, then the batch before it and its own, each of which
 * core sends again for 5 s and the last time for 2 s more; a regeneration is two writes.
 */
export const longest = 2000 + 3 * 7000 + 1000;

/** Counts of one kind of operation. `checked` is the number of acknowledged ones that were verified afterwards. */
export interface Account {
  acknowledged: number;
  checked: number;
  lost: number;
}

/** The outcome of an operation. */
export interface Settled {
  readonly acknowledged: boolean;
  readonly begun: number;
  readonly settled: number;
}

/** The outcomes of all operations of a run. */
export class Ledger {
  readonly of: Readonly<Record<Kind, Account>> = {
    update: account(),
    save: account(),
    create: account(),
    destroy: account(),
    regenerate: account(),
    read: account(),
  };
  readonly errors = new Map<string, number>();
  hangs = 0;
  wrongUser = 0;
  doubled = 0;
  /** Milliseconds. */
  slowest = 0;

  /** Executes an operation, and records its outcome. */
  async note(kind: Kind, operation: () => Promise<unknown>): Promise<Settled> {
    const begun = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, longest, "hang");
    });
    const outcome = await Promise.race([operation().then(() => "", codeOf), late]);
    clearTimeout(timer);
    const settled = performance.now();
    this.slowest = Math.max(this.slowest, settled - begun);
    if (outcome === "") this.of[kind].acknowledged++;
    else if (outcome === "hang") this.hangs++;
    else this.errors.set(`${kind} ${outcome}`, (this.errors.get(`${kind} ${outcome}`) ?? 0) + 1);
    return { acknowledged: outcome === "", begun, settled };
  }

  /** Of an acknowledged operation, afterwards. */
  check(kind: Kind, there: boolean): void {
    this.of[kind].checked++;
    if (!there) this.of[kind].lost++;
  }
}

function account(): Account {
  return { acknowledged: 0, checked: 0, lost: 0 };
}

function codeOf(error: unknown): string {
  return isSessionError(error) ? error.code : error instanceof Error ? error.message : String(error);
}
