import { hash } from "node:crypto";
import type { Settings } from "../config/options.js";

interface Known {
  readonly manager: Promise<object>;
  /** Whether `close` was called, so that it serves nobody any more. */
  isClosed(): boolean;
}

// One list for a process, even if a bundler has put several copies of core into it.
const listKey = Symbol.for("@sess/core/managers/1");
const holder = globalThis as { [listKey]?: Map<string, Known> };

/**
 * The Manager of this name in this process, made by `create` if there is none. Options that differ make a different
 * Manager: an edited option takes effect, and a name that is used twice by mistake does not mix two applications. A
 * Manager that could not be made or was closed is made anew.
 */
export function globalManager<M extends { readonly isClosed: boolean }>(
  name: string,
  identity: readonly unknown[],
  create: () => Promise<M>,
): Promise<M> {
  holder[listKey] ??= new Map();
  const known = holder[listKey];
  // Hashed, because a connection string may have a password.
  const key = hash("sha256", JSON.stringify([name, ...identity]), "hex");
  const before = known.get(key);
  if (before !== undefined && !before.isClosed()) return before.manager as Promise<M>;
  let made: M | undefined;
  const manager = create();
  const entry = { manager, isClosed: () => made?.isClosed === true };
  known.set(key, entry);
  manager.then(
    (created) => {
      made = created;
    },
    () => {
      if (known.get(key) === entry) known.delete(key);
    },
  );
  return manager;
}

/** What distinguishes the Managers of one name. Functions, schemas and objects of a client cannot be compared. */
export function identityOf(provider: string, { providerConfig, fields: _, ...settings }: Settings): readonly unknown[] {
  return [provider, settings, typeof providerConfig === "string" ? providerConfig : ""];
}
