interface Emitter {
  on(event: string, listener: (error?: unknown) => void): unknown;
  off(event: string, listener: (error?: unknown) => void): unknown;
  listenerCount(event: string): number;
}

/** Keeps the last failure of a connection. */
export interface Watch {
  /** Why the connection is down; undefined while it is up, or when the reason is unknown. */
  failure(): unknown;
  stop(): void;
}

/**
 * Remembers why a caller's client is not connected, so that an error can distinguish ECONNREFUSED from a missing
 * answer. Listens only if the caller does: without a listener for its errors, a client prints them or ends the process,
 * and this must remain the caller's decision.
 */
export function watch(client: object): Watch {
  let last: unknown;
  if (!isEmitter(client) || client.listenerCount("error") === 0) return { failure: () => undefined, stop: () => {} };
  const failed = (error?: unknown) => {
    last = error;
  };
  const ready = () => {
    last = undefined;
  };
  client.on("error", failed);
  client.on("ready", ready);
  return {
    failure: () => last,
    stop: () => {
      client.off("error", failed);
      client.off("ready", ready);
    },
  };
}

function isEmitter(client: object): client is Emitter {
  return ["on", "off", "listenerCount"].every((method) => typeof Reflect.get(client, method) === "function");
}
