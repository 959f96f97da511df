import type { Changes, FieldUpdate } from "./fields.js";

/** Makes one request's changes on `fields`, in place. When its update function throws, it has left no trace. */
export function compose(fields: Map<string, string>, changes: Changes, update: FieldUpdate | undefined): void {
  const result = update?.run(changes.read(update.name, fields));
  changes.applyTo(fields);
  if (update === undefined) return;
  if (result === undefined) fields.delete(update.name);
  else fields.set(update.name, result);
}
