/** A page has one user and no context for each request: a function runs in the only context there is. */
export const AsyncLocalStorage = {
  snapshot:
    () =>
    <T>(fn: () => T): T =>
      fn(),
};
