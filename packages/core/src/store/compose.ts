import type { Changes, Draft, FieldUpdate } from "./fields.js";
import type { Known } from "./known.js";

/** What follows `base` when nothing is changed; without one, a session that holds nothing. */
export function draftOf(base: Known | undefined): Draft {
  return { fields: new Map(base?.fields), owner: base?.owner, lifetime: base?.lifetime };
}

/** `base` with one request's changes, as the first record of a session. */
export function freshDraft(base: Known | undefined, changes: Changes): Draft {
  const draft = draftOf(base);
  changes.applyTo(draft, true);
  return draft;
}

/** Makes one request's changes on a draft, in place. When its update function throws, it has left no trace. */
export function compose(draft: Draft, changes: Changes, update: FieldUpdate | undefined, fresh: boolean): void {
  const result = update?.run(changes.read(update.name, draft.fields));
  changes.applyTo(draft, fresh);
  if (update === undefined) return;
  if (result === undefined) draft.fields.delete(update.name);
  else draft.fields.set(update.name, result);
}
