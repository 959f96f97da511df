import type { Changes, Draft, FieldUpdate } from "./changes.js";
import type { StoredSession } from "./stored-session.js";

/** What follows `base` when nothing is changed; without one, a session that holds nothing. */
export function toDraft(base: StoredSession | undefined): Draft {
  return { fields: new Map(base?.fields), owner: base?.owner, lifetime: base?.lifetime };
}

/** `base` with one request's changes, as the first record of a session. */
export function freshDraft(base: StoredSession | undefined, changes: Changes): Draft {
  const draft = toDraft(base);
  changes.applyTo(draft, true);
  return draft;
}

/** Makes one request's changes on a draft, in place. When its update function throws, it has left no trace. */
export function applyChanges(draft: Draft, changes: Changes, update: FieldUpdate | undefined, fresh: boolean): void {
  const result = update?.run(changes.read(update.name, draft.fields));
  changes.applyTo(draft, fresh);
  if (update === undefined) return;
  if (result === undefined) draft.fields.delete(update.name);
  else draft.fields.set(update.name, result);
}
