import { decode } from "../codec/decode.js";
import { SessionError } from "../errors.js";
import { Session } from "../session/session.js";
import type { Field, SessionStore } from "../session/session-store.js";
import type { Known } from "../store/known.js";
import { Leftovers } from "../store/leftovers.js";
import type { Repository } from "../store/repository.js";
import type { OwnedSession } from "./manager.js";

/** The live sessions of an owner's hash, last stored first. */
export async function listOwned<D extends object>(
  repository: Repository,
  owner: string,
  current: SessionStore<D> | undefined,
): Promise<OwnedSession<D>[]> {
  const mine = await keysOf(repository, current);
  const found: OwnedSession<D>[] = [];
  const leftovers = new Leftovers();
  for await (const [key, known] of repository.owned(owner, leftovers)) {
    found.push(describe(repository, key, known, mine.has(key)));
  }
  leftovers.assertNone("read");
  return found.sort((a, b) => b.saved.getTime() - a.saved.getTime());
}

/** Where a session is kept now, and was earlier in this request, or has gone on to since. */
export async function keysOf<D extends object>(
  repository: Repository,
  session: SessionStore<D> | undefined,
): Promise<ReadonlySet<string>> {
  if (session === undefined) return new Set();
  if (!(session instanceof Session)) {
    throw new SessionError("SESS_VALUE", "the session must be one that this Manager's start, handler or load gave");
  }
  const { storageKeys } = session;
  return new Set([...storageKeys, ...(await repository.chain(storageKeys.at(-1) ?? ""))]);
}

function describe<D extends object>(
  repository: Repository,
  key: string,
  known: Known,
  current: boolean,
): OwnedSession<D> {
  return {
    created: new Date(known.created),
    saved: new Date(known.saved),
    current,
    get<F extends Field<D>>(field: F): D[F] | undefined {
      const text = known.fields.get(field);
      return text === undefined ? undefined : (decode(text) as D[F]);
    },
    async destroy(): Promise<void> {
      await repository.destroy(key, known, repository.deadline());
    },
  };
}
