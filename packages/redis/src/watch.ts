interface Emitter {
  on(event: string, listener: (error?: unknown) => void): unknown;
  off(event: string, listener: (error?: unknown) => void): unknown;
  listenerCount(event: string): number;
}

/** What keeps the last failure of a connection. */
export interface Watch {
  /** Why the connection is down; undefined while it is up, or when that was not told. */
  failure(): unknown;
  stop(): void;
}

/**
 * Remembers why a caller's client is not connected, so that an error can tell ECONNREFUSED from silence. Listens only
 * where the caller does: a client without a listener to its errors prints them or ends the process, and that is the
 * caller's to decide.
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
