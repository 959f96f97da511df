import type { ProviderContext, StoreConnector } from "@sess/core";
import { type FileConfig, parseConfig, type Settings } from "./config.js";
import { openRoot } from "./root.js";
import { Slots } from "./slots.js";
import { FileStore } from "./store.js";

export type { FileConfig } from "./config.js";

/**
 * Sessions in a directory of this host. The configuration is the directory's path, or an object; a relative path is
 * resolved against the working directory now. Throws a `SessionError` with `SESS_CONFIG` when it is wrong.
 *
 * Connecting makes the directory where there is none (mode 0700). It rejects with `SESS_CONFIG` when the path is a
 * symbolic link or no directory, when the directory belongs to somebody else, or when its group or others may write
 * to it, and with `SESS_UNAVAILABLE` when it cannot be made, read or written.
 */
export function file(config?: FileConfig | string): StoreConnector {
  const settings = parseConfig(config);
  return { kind: "store", name: "file", connect: (context) => connect(settings, context) };
}

async function connect({ directory, durable }: Settings, context: ProviderContext): Promise<FileStore> {
  const root = await openRoot(directory);
  return new FileStore(new Slots(root, { durable }), () => context.now());
}
