/**
 * Does something for each of many, `atOnce` at a time, and takes the next only when one is done. Rejects with the first
 * error, when what was begun has settled, and begins nothing after it.
 */
export async function sideBySide<T>(
  items: AsyncIterable<T> | Iterable<T>,
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const running = new Set<Promise<unknown>>();
  const errors: unknown[] = [];
  const begin = (item: T) => {
    const one: Promise<unknown> = work(item)
      .catch((error: unknown) => errors.push(error))
      .finally(() => running.delete(one));
    running.add(one);
  };
  try {
    for await (const item of items) {
      if (errors.length > 0) break;
      begin(item);
      if (running.size >= atOnce) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
  }
  if (errors.length > 0) throw errors[0];
}
