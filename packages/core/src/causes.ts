import { isSessionError } from "./errors.js";

/** Of a chain, or a ring, no more are named. */
const mostCauses = 6;
/** Characters of one cause's text. */
const mostText = 300;

/**
 * An error as a process warning is to show it: Node prints the `detail` of a warning, and of its `cause` nothing. The
 * error itself where it has no cause.
 */
export function withCauses(error: Error): Error {
  const causes = causesOf(error);
  if (causes.length === 0) return error;
  const detail = causes.map((cause) => `caused by ${cause}`).join("\n");
  const { stack, ...rest } = Object.getOwnPropertyDescriptors(error);
  const warning = Object.defineProperties(new Error(error.message), rest);
  // By value: where `stack` is an accessor it knows only its own error.
  Object.defineProperty(warning, "stack", { value: error.stack, configurable: true, writable: true });
  return Object.assign(warning, { name: error.name, detail });
}

/** An error for an operator, on one line: the code if it is ours, then its message and up to three behind it. */
export function lineOf(error: unknown): string {
  const texts: string[] = [];
  for (let each = error; each instanceof Error && texts.length < 4; each = each.cause) {
    const text = each.message || String((each as { readonly code?: unknown }).code ?? each.name);
    if (!texts.includes(text)) texts.push(text);
  }
  const code = isSessionError(error) ? `${error.code}: ` : "";
  return texts.length === 0 ? String(error) : `${code}${texts.join(": ")}`;
}

/** Breadth first: of what several attempts failed with, as of several addresses, each is a cause. */
function causesOf(error: Error): string[] {
  const texts: string[] = [];
  const queue: unknown[] = [...behind(error)];
  for (let cause = queue.shift(); cause !== undefined && texts.length < mostCauses; cause = queue.shift()) {
    texts.push(textOf(cause));
    queue.push(...behind(cause));
  }
  return texts;
}

function behind(error: unknown): unknown[] {
  if (!(error instanceof Error)) return [];
  const several = error instanceof AggregateError && Array.isArray(error.errors) ? error.errors : [];
  return [error.cause, ...several].filter((cause) => cause !== undefined && cause !== null);
}

/** On one line, and without what an object holds: only an error's message is meant to be read. */
function textOf(cause: unknown): string {
  if (typeof cause === "object" && !(cause instanceof Error)) return "an object";
  const text = cause instanceof Error ? `${cause.name}: ${cause.message || codeOf(cause)}` : String(cause);
  return text.replace(/\s+/g, " ").slice(0, mostText);
}

/** Node's error of several addresses has a code and no message. */
function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "no message";
}
