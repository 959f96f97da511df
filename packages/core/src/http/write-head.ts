import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from "node:http";

/** `writeHead`'s headers: an object, pairs, or names and values in turn. */
export type HeadHeaders = OutgoingHttpHeaders | readonly unknown[];

/** As Node checks it, but at once: a call that waits could only fail when nobody is there to catch it. */
export function assertStatus(status: number): void {
  if (Number.isInteger(status) && status >= 100 && status <= 999) return;
  throw Object.assign(new RangeError(`Invalid status code: ${status}`), { code: "ERR_HTTP_INVALID_STATUS_CODE" });
}

/** `writeHead`'s headers in all its forms: an object, pairs, or names and values in turn (CVE-2025-7339). */
export function setHeaders(res: ServerResponse, headers: HeadHeaders | undefined): void {
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value as OutgoingHttpHeader);
    return;
  }
  const pairs: [string, string | string[]][] = Array.isArray(headers[0]) ? headers : inPairs(headers);
  const seen = new Set<string>();
  for (const [name, value] of pairs) {
    const key = String(name).toLowerCase();
    if (seen.has(key)) res.appendHeader(name, value);
    else res.setHeader(name, value);
    seen.add(key);
  }
}

function inPairs(flat: readonly unknown[]): [string, string][] {
  if (flat.length % 2 !== 0) throw new TypeError("writeHead takes names and values in pairs");
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]] as [string, string]);
}
