import { channel } from "node:diagnostics_channel";
import type { SessionErrorCode } from "./errors.js";

/**
 * What every event says. No event holds an id, a key, an owner, a field name or a value.
 */
export interface SessionEvent {
  /** The provider's name, such as `"redis"`. */
  readonly provider: string;
  /** The Manager's `namespace`. */
  readonly namespace: string;
}

/** Published on `sess:refused`: changes that were not stored, and why. */
export interface RefusedEvent extends SessionEvent {
  readonly code: SessionErrorCode;
}

/** Published on `sess:store-error`: a call to the store that failed or gave no answer in time. */
export interface StoreErrorEvent extends SessionEvent {
  readonly operation: "read" | "create" | "update" | "touch" | "count" | "keysOf" | "gc";
  readonly error: unknown;
}

const channels = {
  created: channel("sess:created"),
  saved: channel("sess:saved"),
  regenerated: channel("sess:regenerated"),
  destroyed: channel("sess:destroyed"),
  refused: channel("sess:refused"),
  "store-error": channel("sess:store-error"),
};

const errorChannel = channel("sess:error");

/**
 * An error that became a response of status 500 or more and that nobody else would hear of: thrown by a handler, or
 * met while storing the session for the response. Published on `sess:error` as `{ error }`; a process warning where
 * nobody subscribed, since a server that fails in silence cannot be mended.
 */
export function report(error: unknown): void {
  if (errorChannel.hasSubscribers) errorChannel.publish({ error });
  else process.emitWarning(error instanceof Error ? error : String(error));
}

type Extra<N> = N extends "refused"
  ? Omit<RefusedEvent, keyof SessionEvent>
  : N extends "store-error"
    ? Omit<StoreErrorEvent, keyof SessionEvent>
    : Record<never, never>;

/** Publishes one Manager's events on the `sess:*` channels of `node:diagnostics_channel`. */
export class Diagnostics {
  readonly #base: SessionEvent;

  constructor(base: SessionEvent) {
    this.#base = base;
  }

  publish<N extends keyof typeof channels>(name: N, extra: Extra<N>): void {
    const target = channels[name];
    if (target.hasSubscribers) target.publish({ ...this.#base, ...extra });
  }
}
