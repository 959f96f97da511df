import type { Redis } from "ioredis";
import type { IoredisClient } from "../src/provider.js";

/** Lets one script through, the index's, and then fails as a process does that is gone. */
export function dieAfter(
  seen: string[],
  target: Redis,
): (sha: string, keys: number, ...args: string[]) => Promise<unknown> {
  return (sha, keys, ...args) => {
    seen.push(sha);
    return seen.length === 1
      ? target.evalsha(sha, keys, ...args)
      : Promise.reject(new Error("the process died before it sent this"));
  };
}

/** A client that holds its second script, the index's, until it is released. */
export function gated(target: Redis) {
  let calls = 0;
  let release = () => {};
  let arrived = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const evalsha = async (sha: string, keys: number, ...args: string[]) => {
    if (++calls === 2) {
      arrived();
      await gate;
    }
    return target.evalsha(sha, keys, ...args);
  };
  const slow = { ...methodsOf(target), evalsha };
  return { slow, held, release };
}

/** What a provider asks of a client, to be changed for a test. */
export function methodsOf(target: Redis): IoredisClient {
  return {
    get: (key) => target.get(key),
    getrange: (key, start, end) => target.getrange(key, start, end),
    evalsha: (sha, keys, ...args) => target.evalsha(sha, keys, ...args),
    eval: (script, keys, ...args) => target.eval(script, keys, ...args),
    scan: (...args) => target.scan(...args),
    info: (section) => target.info(section),
    ping: () => target.ping(),
  };
}
