import { AsyncLocalStorage } from "node:async_hooks";

/** Calls a function in a saved context. */
export type Context = <T>(fn: () => T) => T;

/** The present context of `AsyncLocalStorage`. Keeping it keeps everything alive that a request has put there. */
export function presentContext(): Context {
  return AsyncLocalStorage.snapshot();
}

/** The context of no request, for work that continues after its request has ended. */
export const outside: Context = presentContext();
