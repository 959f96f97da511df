import type { SessionData, SessionRecord, SessionStore } from "../../packages/core/src/index.js";
import type { Checks } from "./checks.js";
import type { Handle, Ledger } from "./ledger.js";
import type { Network, Sender } from "./network.js";
import type { ReferenceStore } from "./reference-store.js";
import type { VirtualTime } from "./virtual-time.js";

export type Session = SessionStore<SessionData>;

/** How a handler means to end. */
export type End = "ok" | "error" | "throw";

/** What the parts of a run see of it: the world has all of this, and each part a view that does not lead back. */
export interface Surroundings {
  /** Lifetimes, seconds; 0 is no absolute end. */
  readonly profile: { readonly idle: number; readonly absolute: number };
  readonly time: VirtualTime;
  readonly ledger: Ledger;
  readonly store: ReferenceStore;
  readonly checks: Checks;
  readonly network: Network;
  readonly reasons: {
    check(handle: Handle, operation: string, code: string, begun: number): void;
    checkResponse(handle: Handle, end: End | undefined, status: number): void;
  };
  readonly faults: number;
  /** What the answer that arrived last said of a key: a handler that begins was given that. */
  readonly loaded: Map<string, SessionRecord | undefined>;
  log(text: string): void;
  keyOf(id: string): string;
  closing(sender: Sender): boolean;
  /** Carries out one call to the store, and looks at what it did. */
  observe<T>(key: string, call: () => T): T;
  /** When what was stored at `begun` must last until, at least. */
  leastExpiry(record: SessionRecord, begun: number): number;
}
