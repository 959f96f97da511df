import type { ProviderContext, StoreConnector } from "@sess/core";
import { type FileConfig, parseConfig, type Settings } from "./config.js";
import { openRoot } from "./root.js";
import { Slots } from "./slots.js";
import { FileStore } from "./store.js";

export type { FileConfig } from "./config.js";

/**
 * Sessions in a directory of this host. The configuration is the directory's path, or an object. A relative path is
 * resolved against the present working directory. Throws a `SessionError` with `SESS_CONFIG` when the configuration is
 * wrong.
 *
 * Connecting creates a missing directory (mode 0700). It rejects with `SESS_CONFIG` when the path is a symbolic link or
 * not a directory, when the directory belongs to another user, or when its group or others may write to it. It rejects
 * with `SESS_UNAVAILABLE` when the directory cannot be created, read or written.
 */
export function file(config?: FileConfig | string): StoreConnector {
  const settings = parseConfig(config);
  return { kind: "store", name: "file", connect: (context) => connect(settings, context) };
}

async function connect({ directory, durable }: Settings, context: ProviderContext): Promise<FileStore> {
  const root = await openRoot(directory);
  return new FileStore(new Slots(root, { durable }), () => context.now());
}
