const events = ["uncaughtException", "unhandledRejection"] as const;

/**
 * Takes what nobody catches, in place of the process's own listeners, until the function it returns is called: that one
 * puts the listeners back and gives what came.
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
