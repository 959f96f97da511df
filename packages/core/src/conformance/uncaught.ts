const events = ["uncaughtException", "unhandledRejection"] as const;

/**
 * Collects uncaught errors instead of the process's own listeners. The returned function restores the listeners and
 * returns the errors.
 */
export function takeUncaught(): () => unknown[] {
  const came: unknown[] = [];
  const note = (error: unknown) => {
    came.push(error);
  };
  const before = events.map((event) => [event, process.rawListeners(event)] as const);
  for (const event of events) process.removeAllListeners(event).on(event, note);
  return () => {
    for (const [event, listeners] of before) {
      process.off(event, note);
      for (const listener of listeners) process.on(event, listener as (error: unknown) => void);
    }
    return came;
  };
}
