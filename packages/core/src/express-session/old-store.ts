/** The store of express-session whose sessions are taken over, by its shape. */
export interface OldStore {
  get(id: string, callback: (error: unknown, data?: OldSession | null) => void): unknown;
  destroy(id: string, callback?: (error?: unknown) => void): unknown;
}

/** A session as stores of express-session give it. */
export interface OldSession {
  readonly cookie?: unknown;
}

/** What was kept under an old id: its properties as JSON gives them, and its lifetime, ms. */
export interface OldRecord {
  readonly fields: readonly (readonly [name: string, value: unknown])[];
  readonly maxAge: number | undefined;
}

/**
 * `undefined` if the store has no such session. Whether one has expired is for the store to say, as with
 * express-session: many prolong a session without writing it, so that the end in its data has passed while it lives.
 * Rejects if the store fails.
 */
export async function readOld(store: OldStore, id: string): Promise<OldRecord | undefined> {
  const data = await new Promise<OldSession | null | undefined>((resolve, reject) => {
    store.get(id, (error, found) => {
      // File stores report a missing session as an error; other stores do not.
      if (error && (error as { code?: unknown }).code !== "ENOENT") reject(error);
      else resolve(error ? undefined : found);
    });
  });
  if (typeof data !== "object" || data === null) return undefined;
  // Some stores return objects of their database, which applications saw as JSON.
  const { cookie, ...fields } = JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
  // Every session has it: this is something else that lies there.
  if (typeof cookie !== "object" || cookie === null) return undefined;
  const { originalMaxAge } = cookie as { originalMaxAge?: unknown };
  return {
    fields: Object.entries(fields),
    maxAge: typeof originalMaxAge === "number" && originalMaxAge > 0 ? originalMaxAge : undefined,
  };
}

export function destroyOld(store: OldStore, id: string): Promise<void> {
  return new Promise((resolve, reject) => {
    store.destroy(id, (error) => (error ? reject(error) : resolve()));
  });
}
