/** A cookie's attributes, as frameworks take them in place of a line. */
export interface NextCookieOptions {
  path?: string;
  domain?: string;
  /** Seconds. */
  maxAge?: number;
  expires?: Date;
  httpOnly?: boolean;
  secure?: boolean;
  sameSite?: "lax" | "strict" | "none";
  partitioned?: boolean;
}

export interface ParsedSetCookie {
  readonly name: string;
  readonly value: string;
  readonly options: NextCookieOptions;
}

/** The parts of a Set-Cookie line that core has written. */
export function parseSetCookie(line: string): ParsedSetCookie {
  const [pair = "", ...attributes] = line.split("; ");
  const [name, value] = partsOf(pair);
  const options: NextCookieOptions = {};
  for (const attribute of attributes) {
    const [key, text] = partsOf(attribute);
    if (key === "Path") options.path = text;
    else if (key === "Domain") options.domain = text;
    else if (key === "Max-Age") options.maxAge = Number(text);
    else if (key === "Expires") options.expires = new Date(text);
    else if (key === "HttpOnly") options.httpOnly = true;
    else if (key === "Secure") options.secure = true;
    else if (key === "Partitioned") options.partitioned = true;
    else if (key === "SameSite") options.sameSite = text.toLowerCase() as "lax" | "strict" | "none";
  }
  return { name, value, options };
}

function partsOf(text: string): [name: string, value: string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}
