import { SessionError } from "@sess/core";

/** The command that makes a key, for messages. */
export const keyCommand = `node -p "crypto.randomBytes(32).toString('base64url')"`;

/** A configuration error that does not show the wrong value, since it may be a secret. */
export function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `cookie: providerConfig ${message}`);
}
