/** Headers of a session cookie, from text to text: RFC 6265, as leniently as RFC 6265bis. */
import { SessionError } from "../errors.js";

/** A longer Cookie header, in UTF-16 units, is not read. HTTP/2 servers of Node accept this much by default. */
export const MAX_COOKIE_HEADER = 64 * 1024;
/** Further values of the same name are ignored, because each may cost the caller a read of the store. */
export const MAX_COOKIE_VALUES = 8;

function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}

/** The text between two offsets, without surrounding optional whitespace (RFC 9110, section 5.6.3). */
function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function unquoted(text: string): string {
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** Whether a Cookie header is too long to be read. */
export function isOversized(header: string | undefined): boolean {
  return header !== undefined && header.length > MAX_COOKIE_HEADER;
}

/**
 * Every value of one name in a Cookie header (RFC 6265, section 5.4), in order: at most {@link MAX_COOKIE_VALUES}
 * values that `isWanted` accepts. A browser sends one for each domain and path for which it has one, and another host
 * of the same site may have planted some. Names are case-sensitive. Values are verbatim and never percent-decoded, but
 * one pair of surrounding double quotes is removed. Takes linear time and never throws.
 */
export function cookieValues(
  header: string | undefined,
  name: string,
  isWanted: (value: string) => boolean = () => true,
): string[] {
  const values: string[] = [];
  if (header === undefined || header.length > MAX_COOKIE_HEADER || name === "") return values;
  let start = 0;
  while (start < header.length && values.length < MAX_COOKIE_VALUES) {
    const semicolon = header.indexOf(";", start);
    const end = semicolon === -1 ? header.length : semicolon;
    // The search ends with the pair: searching further would take quadratic time if pairs have no "=".
    const pair = header.slice(start, end);
    const equals = pair.indexOf("=");
    if (equals !== -1 && trimmed(pair, 0, equals) === name) {
      const value = unquoted(trimmed(pair, equals + 1, pair.length));
      if (isWanted(value)) values.push(value);
    }
    start = end + 1;
  }
  return values;
}

/** The attributes of a cookie (RFC 6265, section 4.1.2). */
export interface CookieAttributes {
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: "lax" | "strict" | "none";
  /** Absent means the host alone, without its subdomains. */
  readonly domain?: string;
  readonly path: string;
  /** CHIPS: a separate cookie for each top-level site. */
  readonly partitioned: boolean;
  /** Seconds, a whole number, 0 or more. Absent means until the browser closes. */
  readonly maxAge?: number;
}

/** A token (RFC 9110, section 5.6.2): the grammar of cookie names and of header names. */
export function isCookieName(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(text);
}

/**
 * Cookie octets (RFC 6265, section 4.1.1): visible ASCII without double quote, comma, semicolon and backslash. A quoted
 * value is refused, because {@link cookieValues} would return it without its quotes.
 */
export function isCookieValue(text: string): boolean {
  return /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/.test(text);
}

/**
 * A host name (RFC 1123, section 2.1) of at most 253 ASCII characters. `_` is allowed too, because DNS and browsers
 * accept it. One leading dot is allowed and ignored.
 */
export function isCookieDomain(text: string): boolean {
  const host = text.startsWith(".") ? text.slice(1) : text;
  return host.length <= 253 && host.split(".").every((label) => /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/i.test(label));
}

/**
 * Starts with `/`, and has only octets of {@link isCookieValue}; at most 1024, because browsers ignore longer
 * attributes.
 */
export function isCookiePath(text: string): boolean {
  return text.startsWith("/") && text.length <= 1024 && isCookieValue(text);
}

const sameSites = { lax: "Lax", strict: "Strict", none: "None" } as const;

function attributesText(attributes: CookieAttributes, expiry: string): string {
  const { domain, path, sameSite, httpOnly, secure, partitioned } = attributes;
  if (!isCookiePath(path)) throw new SessionError("SESS_CONFIG", 'cookie attribute "path" is malformed');
  if (domain !== undefined && !isCookieDomain(domain)) {
    throw new SessionError("SESS_CONFIG", 'cookie attribute "domain" is malformed');
  }
  let text = `; Path=${path}`;
  if (domain !== undefined) text += `; Domain=${domain}`;
  text += expiry;
  if (httpOnly) text += "; HttpOnly";
  if (secure) text += "; Secure";
  text += `; SameSite=${sameSites[sameSite]}`;
  return partitioned ? `${text}; Partitioned` : text;
}

/**
 * The text of a Set-Cookie header. The configuration, not this function, refuses contradictory attributes.
 *
 * @throws SessionError `SESS_CONFIG` on a malformed name or attribute, `SESS_VALUE` on a malformed value: no argument
 * can add an attribute.
 */
export function setCookie(name: string, value: string, attributes: CookieAttributes): string {
  const { maxAge } = attributes;
  if (!isCookieName(name)) throw new SessionError("SESS_CONFIG", "cookie name is not a token");
  if (!isCookieValue(value)) throw new SessionError("SESS_VALUE", "cookie value has characters a cookie cannot hold");
  if (maxAge !== undefined && !(Number.isSafeInteger(maxAge) && maxAge >= 0)) {
    throw new SessionError("SESS_CONFIG", 'cookie attribute "maxAge" must be a whole number of seconds, 0 or more');
  }
  return `${name}=${value}${attributesText(attributes, maxAge === undefined ? "" : `; Max-Age=${maxAge}`)}`;
}

/**
 * The Set-Cookie header that removes a cookie. A browser removes only a cookie with the same domain, path and
 * partition, and over an insecure connection only one without Secure.
 *
 * @throws SessionError `SESS_CONFIG` on a malformed name or attribute.
 */
export function clearCookie(name: string, attributes: CookieAttributes): string {
  if (!isCookieName(name)) throw new SessionError("SESS_CONFIG", "cookie name is not a token");
  return `${name}=${attributesText(attributes, "; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT")}`;
}

/** A Vary header (RFC 9110, section 12.5.5) that contains the field; unchanged if it has the field or `*` already. */
export function mergeVary(current: string | undefined, field: string): string {
  const fields = current === undefined ? [] : current.split(",").map((item) => trimmed(item, 0, item.length));
  if (fields.some((item) => item === "*" || item.toLowerCase() === field.toLowerCase())) return current ?? field;
  return current === undefined || fields.every((item) => item === "") ? field : `${current}, ${field}`;
}

/** A Cache-Control header (RFC 9111, section 5.2.2.5) that forbids storing; unchanged if it does so already. */
export function mergeCacheControl(current: string | undefined): string {
  if (current === undefined) return "no-store";
  // Quoted arguments are removed first, since a quoted list may contain the word.
  const directives = current.replace(/"(?:[^"\\]|\\.?)*(?:"|$)/gs, '""').split(",");
  const forbids = directives.some((item) => trimmed(item, 0, item.length).toLowerCase() === "no-store");
  return forbids ? current : "no-store";
}
