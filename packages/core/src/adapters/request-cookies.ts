/** A request's Cookie header (RFC 6265, section 5.4) after cookies were set in answer to the same request. */

/** The header with one value for the name, in place of those that it had; without any if the value is "". */
export function withCookie(header: string, name: string, value: string): string {
  const pairs = pairsOf(header).filter((pair) => nameOf(pair) !== name);
  return (value === "" ? pairs : [...pairs, `${name}=${value}`]).join("; ");
}

/**
 * The header as a framework's cookies say that it is by now. The framework has one value for each name, percent-decoded;
 * where that is one of those that the request came with, all of them stay: several of one name mean something.
 */
export function withCookiesOf(
  header: string,
  cookies: readonly { readonly name: string; readonly value: string }[],
): string {
  const sent = new Map<string, string[]>();
  for (const pair of pairsOf(header)) {
    const values = sent.get(nameOf(pair)) ?? [];
    sent.set(nameOf(pair), values);
    values.push(pair.slice(nameOf(pair).length + 1));
  }
  const changed = cookies.filter(({ name, value }) => !sent.get(name)?.some((one) => decoded(one) === value));
  const names = new Set(changed.map(({ name }) => name));
  const kept = pairsOf(header).filter((pair) => !names.has(nameOf(pair)));
  const added = changed.filter(({ value }) => value !== "");
  return [...kept, ...added.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`)].join("; ");
}

function pairsOf(header: string): string[] {
  return header
    .split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair !== "");
}

function nameOf(pair: string): string {
  const equals = pair.indexOf("=");
  return equals < 0 ? pair : pair.slice(0, equals);
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
