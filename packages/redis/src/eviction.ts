import type { Commands, Deadline } from "./commands.js";

let warned = false;

/**
 * Warns once in a process, through `process.emitWarning`, when the server may evict keys to make room. Users are then
 * logged out without notice, and logouts can be forgotten. This includes `volatile-*` policies, as every key here has a
 * TTL. A server that does not reveal its policy is not asked again; this is not an error.
 */
export async function warnOfEviction(commands: Commands, until: Deadline): Promise<void> {
  if (warned) return;
  const policy = await policyOf(commands, until);
  if (policy === undefined || policy === "noeviction" || warned) return;
  warned = true;
  process.emitWarning(
    `redis: maxmemory-policy is ${policy}: when memory runs out the server removes sessions, which logs users out. ` +
      "Give sessions a server of their own with maxmemory-policy noeviction.",
    { type: "SessWarning", code: "SESS_REDIS_EVICTION" },
  );
}

async function policyOf(commands: Commands, until: Deadline): Promise<string | undefined> {
  try {
    const info = await commands.send((driver) => driver.info("memory"), until);
    return /^maxmemory_policy:([\w-]+)/m.exec(String(info))?.[1];
  } catch {
    return undefined;
  }
}
