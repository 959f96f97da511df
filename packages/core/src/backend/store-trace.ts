import * as diagnostics from "node:diagnostics_channel";
import type { SessionEvent, StoreErrorEvent } from "../diagnostics.js";
import { isSessionError, SessionError } from "../errors.js";
import { NoAnswer } from "./bounded.js";

/**
 * One call to the provider, as the tracing channel `sess:store` tells it: the same object on `start`, `end`,
 * `asyncStart`, `asyncEnd` and `error`. No id, no key, no value.
 */
export interface StoreCallEvent extends SessionEvent {
  readonly operation: StoreErrorEvent["operation"];
  /**
   * From `asyncStart` on. `"refused"`: the store did not write, because the record was not what the writer expected.
   * `"timeout"`: no answer in time. `"failed"`: the provider rejected.
   */
  outcome?: "ok" | "refused" | "timeout" | "failed";
  /** With `"timeout"` and `"failed"`: without a cause, which may name a key. */
  error?: SessionError;
}

// Not in every runtime.
const channel = diagnostics.tracingChannel?.<string, StoreCallEvent>("sess:store");
/** Whether somebody traces. */
export function isTraced(): boolean {
  return channel?.hasSubscribers ?? false;
}

/**
 * Publishes the events of a call (Node's documentation of `TracingChannel`). Not by its `tracePromise`, which publishes
 * the answer.
 */
export function traced<T>(event: StoreCallEvent, call: () => Promise<T>): Promise<T> {
  if (channel === undefined) return call();
  const { start, end, asyncStart, asyncEnd, error: failed } = channel;
  const ended = () => {
    asyncStart.publish(event);
    asyncEnd.publish(event);
  };
  return start.runStores(event, () => {
    try {
      return call().then(
        (answer) => {
          event.outcome = isRefusal(answer) ? "refused" : "ok";
          ended();
          return answer;
        },
        (error: unknown) => {
          const isLate = error instanceof NoAnswer;
          event.outcome = isLate ? "timeout" : "failed";
          const what = isLate ? "gave no answer in time to" : "failed to";
          const code = isSessionError(error) ? error.code : "SESS_UNAVAILABLE";
          event.error = new SessionError(code, `the session store ${what} ${event.operation}`);
          failed.publish(event);
          ended();
          throw error;
        },
      );
    } finally {
      end.publish(event);
    }
  });
}

/** `create` and `touch` say so by `false`, `update` by what is there. */
function isRefusal(answer: unknown): boolean {
  return answer === false || (typeof answer === "object" && answer !== null && "written" in answer && !answer.written);
}
