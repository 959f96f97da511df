import { Leftovers } from "../backend/leftovers.js";
import type { StoreBackend } from "../backend/store-backend.js";
import { SessionError } from "../errors.js";
import { handleOf } from "../ids.js";
import type { StoredSession } from "../record/stored-session.js";
import { decodeField } from "../schema/decode-stored.js";
import { Session } from "../session/session.js";
import type { Field, SessionStore } from "../session/session-store.js";
import type { EndOptions, OwnedSession } from "./manager.js";

/** The live sessions of an owner's hash, last stored first. */
export async function listOwned<D extends object>(
  backend: StoreBackend,
  owner: string,
  mine: ReadonlySet<string>,
): Promise<OwnedSession<D>[]> {
  const found: OwnedSession<D>[] = [];
  const leftovers = new Leftovers();
  for await (const [key, stored] of backend.owned(owner, leftovers)) {
    found.push(describe(backend, key, stored, mine.has(key)));
  }
  leftovers.assertNone("read");
  return found.sort((a, b) => b.saved.getTime() - a.saved.getTime());
}

/** A handle that is not there, as of a form without that field, must not end all sessions. */
export function handleIn<D extends object>(options: EndOptions<D>): string | undefined {
  if (!("handle" in options)) return undefined;
  // rule: no-handle-is-not-all
  if (typeof options.handle !== "string") throw new SessionError("SESS_VALUE", "a handle must be a string");
  return options.handle;
}

/** The keys of a session: its present one, its earlier ones in this request, and those of its successors. */
export async function keysOf<D extends object>(
  backend: StoreBackend,
  session: SessionStore<D> | undefined,
): Promise<ReadonlySet<string>> {
  if (session === undefined) return new Set();
  if (!(session instanceof Session)) {
    throw new SessionError("SESS_VALUE", "the session must be one that this Manager's start, handler or load gave");
  }
  const { pastKeys, identity } = session.forResponse.state;
  return new Set([...pastKeys, ...(await backend.chain(identity.key))]);
}

/** {@link keysOf} for a list: there, the id is enough, as a page of Next has it. */
export async function currentKeys(
  backend: StoreBackend,
  current: { readonly id: string } | undefined,
  keyOf: (id: string) => string,
): Promise<ReadonlySet<string>> {
  if (current === undefined || current instanceof Session) return keysOf(backend, current);
  if (typeof current.id !== "string") throw new SessionError("SESS_VALUE", "the current session must have an id");
  return backend.chain(keyOf(current.id));
}

function describe<D extends object>(
  backend: StoreBackend,
  key: string,
  stored: StoredSession,
  current: boolean,
): OwnedSession<D> {
  return {
    created: new Date(stored.created),
    saved: new Date(stored.saved),
    current,
    handle: stored.handle ?? handleOf(key),
    get<F extends Field<D>>(field: F): D[F] | undefined {
      const text = stored.fields.get(field);
      return text === undefined ? undefined : (decodeField(field, text, backend.schemas) as D[F] | undefined);
    },
    async destroy(): Promise<void> {
      await backend.destroy(key, stored, backend.deadline());
    },
  };
}
