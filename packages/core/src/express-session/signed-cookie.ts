import { createHmac, timingSafeEqual } from "node:crypto";
import { cookieValues, MAX_COOKIE_VALUES } from "../http/cookies.js";
import { type ParsedCookies, parsedCookie } from "./elsewhere.js";

/** What signs, or signed, the ids of express-session; any of several verifies. */
export type Secret = string | Uint8Array;

/**
 * The ids in a Cookie header's values of this name that are percent-encoded `s:<id>.<signature>`, where the signature is
 * the id's HMAC-SHA256 in base64 under one of the secrets: what express-session has sent. Then those of cookies that
 * were parsed before, as express-session takes them. Never throws.
 */
export function signedIds(
  header: string | undefined,
  name: string,
  secrets: readonly Secret[],
  { cookies, signedCookies }: ParsedCookies = {},
): string[] {
  const values = [...cookieValues(header, name), parsedCookie(cookies, name)];
  const ids = values.map((value) => value && verified(value, secrets));
  ids.push(parsedCookie(signedCookies, name));
  return [...new Set(ids.filter((id) => id !== undefined && id !== ""))].slice(0, MAX_COOKIE_VALUES) as string[];
}

function verified(value: string, secrets: readonly Secret[]): string | undefined {
  const text = decoded(value);
  const dot = text?.lastIndexOf(".") ?? -1;
  if (text === undefined || !text.startsWith("s:") || dot < 3) return undefined;
  const id = text.slice(2, dot);
  const given = Buffer.from(text.slice(dot + 1));
  return secrets.some((secret) => isSignature(given, id, secret)) ? id : undefined;
}

function isSignature(given: Buffer, id: string, secret: Secret): boolean {
  // Without padding: that much of the text express-session compares.
  const right = Buffer.from(createHmac("sha256", secret).update(id).digest("base64").replace(/=+$/, ""));
  return given.length === right.length && timingSafeEqual(given, right);
}

function decoded(value: string): string | undefined {
  if (!value.includes("%")) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
