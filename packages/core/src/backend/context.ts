import type { Diagnostics } from "../diagnostics.js";
import type { RecordContext } from "../record/next-record.js";
import type { BoundedCalls } from "./bounded.js";

/** What the store's parts share: one of each for a Manager. */
export interface StoreContext extends RecordContext {
  /** Most that is stored of one session, bytes of UTF-8. */
  readonly maxBytes: number;
  readonly diagnostics: Diagnostics;
  /** Bounds everything that waits for the store, or for others who do. */
  readonly calls: BoundedCalls;
}
