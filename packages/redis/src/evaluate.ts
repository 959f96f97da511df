import type { Driver } from "./driver.js";
import { messageOf } from "./failure.js";
import type { Script } from "./scripts.js";

/**
 * Runs a script of one key, and resolves to its reply. A server forgets scripts at a restart, at a failover and at
 * SCRIPT FLUSH; EVAL then sends the text, which the server remembers again. Rejects with the client's own errors.
 */
export async function evaluate(driver: Driver, script: Script, key: string, args: readonly string[]): Promise<unknown> {
  try {
    return await driver.run("evalsha", script.sha, key, args);
  } catch (error) {
    if (!isForgotten(error)) throw error;
    return driver.run("eval", script.lua, key, args);
  }
}

/** Whether the error says that the server does not know the script. Valkey GLIDE rephrases the server's message. */
export function isForgotten(error: unknown): boolean {
  return /^NOSCRIPT|NoScriptError/.test(messageOf(error));
}
