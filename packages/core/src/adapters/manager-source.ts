import type { Manager } from "../manager/manager.js";

/**
 * A Manager, or a function that makes it. The function is called when the first request asks for its session: while an
 * application is built, its modules are loaded too, and no store may be there.
 */
export type ManagerSource<D extends object> = Manager<D> | (() => Manager<D> | Promise<Manager<D>>);

/** Asks the source once, and again if it failed. */
export function managerOf<D extends object>(source: ManagerSource<D>): () => Promise<Manager<D>> {
  let opened: Promise<Manager<D>> | undefined;
  return () => {
    opened ??= open(source).catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

async function open<D extends object>(source: ManagerSource<D>): Promise<Manager<D>> {
  return typeof source === "function" ? source() : source;
}
