import type { Driver } from "./driver.js";
import { messageOf } from "./failure.js";
import type { Script } from "./scripts.js";

/**
 * Runs a script of one key, and resolves to its reply. Scripts are forgotten by a restart, by a failover and by SCRIPT
 * FLUSH; then EVAL carries the text and makes it known again. Rejects with the client's own errors.
 */
export async function evaluate(driver: Driver, script: Script, key: string, args: readonly string[]): Promise<unknown> {
  try {
    return await driver.run("evalsha", script.sha, key, args);
  } catch (error) {
    if (!isForgotten(error)) throw error;
    return driver.run("eval", script.lua, key, args);
  }
}

/** Whether the server does not know the script. Valkey GLIDE has words of its own for the server's. */
export function isForgotten(error: unknown): boolean {
  return /^NOSCRIPT|NoScriptError/.test(messageOf(error));
}
