import type { SessionData, SessionRecord, SessionStore } from "../../packages/core/src/index.js";
import type { Checks } from "./checks.js";
import type { Handle, Ledger } from "./ledger.js";
import type { Network, Sender } from "./network.js";
import type { ReferenceStore } from "./reference-store.js";
import type { VirtualTime } from "./virtual-time.js";

export type Session = SessionStore<SessionData>;

/** How a handler intends to end. */
export type End = "ok" | "error" | "throw";

/** What the parts of a run use of it. The world has all of this; the parts do not import the world, to avoid a circle. */
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
  /** What the last answer said about a key. A handler that begins has got this. */
  readonly loaded: Map<string, SessionRecord | undefined>;
  log(text: string): void;
  keyOf(id: string): string;
  closing(sender: Sender): boolean;
  /** Executes one call to the store, and checks its effect. */
  observe<T>(key: string, call: () => T): T;
  /** The earliest time at which what was stored at `begun` may expire. */
  leastExpiry(record: SessionRecord, begun: number): number;
}
