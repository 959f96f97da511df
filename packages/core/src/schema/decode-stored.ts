/** What is stored, as the application's schemas have it. Apart from them, because they are loaded only where there are any. */
import { decode } from "../codec/decode.js";
import type { SessionRecord } from "../provider.js";
import { decodeEnvelope } from "../record/envelope.js";
import type { StoredSession } from "../record/stored-session.js";
import type { FieldSchemas } from "./field-schemas.js";

/** A record's session; `undefined` if it is damaged. Throws as `decodeEnvelope` and {@link FieldSchemas.upgrade}. */
export function decodeSession(record: SessionRecord, schemas: FieldSchemas | undefined): StoredSession | undefined {
  const stored = decodeEnvelope(record);
  return schemas === undefined ? stored : stored && schemas.upgrade(stored);
}

/** A field's value. Throws as {@link FieldSchemas.check}. */
export function decodeField(name: string, text: string, schemas: FieldSchemas | undefined): unknown {
  const value = decode(text);
  return schemas === undefined ? value : schemas.check(name, value);
}
