import { SessionError } from "@sess/core";

/** How everybody is told to make a key. */
export const keyCommand = `node -p "crypto.randomBytes(32).toString('base64url')"`;

/** An error of the configuration, without the value that is wrong: it may be a secret. */
export function wrong(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `cookie: providerConfig ${message}`);
}
