import { resolve } from "node:path";
import { SessionError } from "@sess/core";

/** Where the file provider keeps its sessions, and how safely. */
export interface FileConfig {
  /** The directory; created if missing. It should hold nothing else. */
  readonly directory: string;
  /**
   * Whether an acknowledged write survives a power failure: each write is then followed by `fsync` of the file and of
   * its directory. Without it, a write survives the end of the process but not of the machine. False by default.
   */
  readonly durable?: boolean;
}

/** A configuration that was checked. */
export interface Settings {
  /** An absolute path. */
  readonly directory: string;
  readonly durable: boolean;
}

/** Throws a `SessionError` with `SESS_CONFIG` that names the key. */
export function parseConfig(config: FileConfig | string | undefined): Settings {
  const { directory, durable = false } = typeof config === "string" ? { directory: config } : asObject(config);
  if (typeof directory !== "string" || directory === "" || directory.includes("\0")) {
    throw refusal('directory must be the path of a directory, such as "./tmp"');
  }
  if (typeof durable !== "boolean") throw refusal("durable must be true or false");
  return { directory: resolve(directory), durable };
}

/** The error for a configuration that is wrong. */
export function refusal(message: string, cause?: unknown): SessionError {
  return new SessionError("SESS_CONFIG", `file provider: ${message}`, cause === undefined ? undefined : { cause });
}

function asObject(config: unknown): { readonly directory?: unknown; readonly durable?: unknown } {
  if (config === undefined) return {};
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw refusal("the configuration must be the path of a directory or an object");
  }
  const unknown = Object.keys(config).find((key) => key !== "directory" && key !== "durable");
  if (unknown !== undefined) throw refusal(`unknown key ${printable(unknown)}`);
  return config;
}

/** Quoted and in ASCII, so that a message stays on one line. */
function printable(name: string): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(name.slice(0, 40)).replace(/[^\x20-\x7e]/g, escaped);
}
