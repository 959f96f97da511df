import {
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from "node:http";
import { GivenHead } from "./given-head.js";
import { nodeError } from "./node-error.js";

/** `writeHead`'s headers: an object, pairs, or names and values in turn. */
export type HeadHeaders = OutgoingHttpHeaders | readonly unknown[];

/** What `writeHead` was called with. */
export interface HeadArguments {
  readonly status: number;
  readonly message: string | undefined;
  readonly headers: HeadHeaders | undefined;
}

/** `writeHead(status, message?, headers?)` in all its forms. */
export function headArguments([status, second, third]: readonly unknown[]): HeadArguments {
  const message = typeof second === "string" ? second : undefined;
  const headers = message === undefined ? (third ?? second) : third;
  return { status: status as number, message, headers: (headers ?? undefined) as HeadHeaders | undefined };
}

/**
 * Does with a response of HTTP/1 what Node's `writeHead` does, in the same order and with the same errors, up to the
 * writing itself, which may have to wait: an error that comes after waiting would find nobody to catch it. Answers the
 * head to write where the response has no headers of its own yet; otherwise the given ones have joined those.
 */
export function takeHead(res: ServerResponse, { status, message, headers }: HeadArguments): GivenHead | undefined {
  const code = statusOf(status);
  res.statusMessage = message ?? (res.statusMessage || STATUS_CODES[code] || "unknown");
  res.statusCode = code;
  const alone = res.getHeaderNames().length === 0;
  if (!alone) joinHeaders(res, headers);
  assertMessage(res.statusMessage);
  if (!alone || headers === undefined) return undefined;
  const pairs = pairsOf(headers);
  for (const [name, value] of pairs) assertHeader(name, value);
  return new GivenHead(pairs, Array.isArray(headers));
}

/** What Node throws for the head that a first `write` or `end` implies, thrown before that waits. Answers the status. */
export function assertImplicitHead({ statusCode, statusMessage }: ServerResponse): number {
  const code = statusOf(statusCode);
  assertMessage(statusMessage);
  return code;
}

/** Headers of `writeHead` that come to a response with headers of its own, as Node merges them (CVE-2025-7339). */
export function joinHeaders(res: ServerResponse, headers: HeadHeaders | undefined): void {
  if (headers === undefined) return;
  const pairs = pairsOf(headers).filter(([name]) => name !== "");
  if (!Array.isArray(headers)) {
    for (const [name, value] of pairs) res.setHeader(name, value as OutgoingHttpHeader);
    return;
  }
  // The given ones replace the response's, and may come several times themselves.
  for (const [name] of pairs) res.removeHeader(name);
  for (const [name, value] of pairs) res.appendHeader(name, value as string | string[]);
}

function pairsOf(headers: HeadHeaders): [string, unknown][] {
  if (!Array.isArray(headers)) return Object.entries(headers);
  if (Array.isArray(headers[0])) return headers.map(([name, value]) => [name, value]);
  if (headers.length % 2 !== 0) {
    throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", "writeHead takes names and values in pairs");
  }
  return Array.from({ length: headers.length / 2 }, (_, i) => [headers[2 * i], headers[2 * i + 1]]);
}

function assertHeader(name: string, value: unknown): void {
  validateHeaderName(name);
  for (const each of Array.isArray(value) ? value : [value]) validateHeaderValue(name, each);
}

function statusOf(status: unknown): number {
  const code = Number(status) | 0;
  if (code >= 100 && code <= 999) return code;
  throw nodeError(RangeError, "ERR_HTTP_INVALID_STATUS_CODE", `Invalid status code: ${status}`);
}

function assertMessage(message: string | undefined): void {
  if (message === undefined || !/[^\t\x20-\x7e\x80-\xff]/.test(message)) return;
  throw nodeError(TypeError, "ERR_INVALID_CHAR", "Invalid character in statusMessage");
}
