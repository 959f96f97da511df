import { AsyncLocalStorage } from "node:async_hooks";

/** Calls a function in the context in which this was made. */
export type Context = <T>(fn: () => T) => T;

/** The present context, as `AsyncLocalStorage` has it. Whoever keeps it keeps what a request has put there. */
export function presentContext(): Context {
  return AsyncLocalStorage.snapshot();
}

/** That of no request: for what goes on when the request that began it has ended. */
export const outside: Context = presentContext();
