import { SessionError } from "@sess/core";

/**
 * A `SessionError` with `SESS_UNAVAILABLE`. Its cause is a copy of the client's error without the command's arguments:
 * ioredis attaches them, and they hold keys and data.
 */
export function unavailable(message: string, cause?: unknown): SessionError {
  return new SessionError("SESS_UNAVAILABLE", message, cause === undefined ? undefined : { cause: redacted(cause) });
}

/** A copy of a client's error that is safe to show: its name, message and codes. It holds nothing that was sent. */
export function redacted(error: unknown): Error {
  const { name, code, syscall } = partsOf(error);
  const copy = Object.assign(new Error(safeText(messageOf(error)), {}), {
    ...(code !== undefined && { code }),
    ...(syscall !== undefined && { syscall }),
  });
  copy.name = name ?? "Error";
  return copy;
}

/** An error's message, or its code if the message is empty (as with an AggregateError of several addresses). */
export function messageOf(error: unknown): string {
  const { message, code } = partsOf(error);
  return message || code || "unknown error";
}

// Servers quote arguments after these words; keys and owners of core are long hexadecimal numbers.
function safeText(message: string): string {
  return message.replace(/,? with args beginning with:.*/s, "").replace(/[0-9a-f]{32,}/gi, "…");
}

interface Parts {
  readonly name?: string;
  readonly message?: string;
  readonly code?: string;
  readonly syscall?: string;
}

function partsOf(error: unknown): Parts {
  if (typeof error !== "object" || error === null) return { message: String(error) };
  const text = (name: string) => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === "string" ? { [name]: value } : {};
  };
  return { ...text("name"), ...text("message"), ...text("code"), ...text("syscall") };
}
