import { SessionError } from "@sess/core";
import { checkParam, readBool, unescapeQuery } from "./dsn-params.js";

const howToWrite =
  "an address stands in parentheses, as in user:password@tcp(host:3306)/dbname; or write mysql://user:password@host/dbname";

/** The parts of a DSN of go-sql-driver/mysql, with defaults filled in. */
export interface Dsn {
  readonly user: string;
  readonly password: string;
  readonly net: string;
  readonly addr: string;
  readonly database: string;
  /** Unescaped; the last one wins where a name is repeated. */
  readonly params: ReadonlyMap<string, string>;
}

/**
 * Reads `[user[:password]@][net[(addr)]]/dbname[?param1=value1&...&paramN=valueN]` by the grammar of
 * go-sql-driver/mysql ("DSN (Data Source Name)" in its README). The last `/` ends the address; the last `@` before it
 * ends the password, which may contain any character. Throws a `SessionError` with `SESS_CONFIG` in that driver's
 * words. No message shows a value, since a misread value may be a part of the password.
 */
export function parseDsn(text: string): Dsn {
  const slash = text.lastIndexOf("/");
  if (slash < 0 && text !== "") {
    throw invalid(`invalid DSN: missing the slash separating the database name: ${howToWrite}`);
  }
  const [before, after] = [text.slice(0, Math.max(slash, 0)), text.slice(slash + 1)];
  const at = before.lastIndexOf("@");
  const [user = "", password = ""] = splitAt(before.slice(0, Math.max(at, 0)), ":");
  const [name = "", query] = splitAt(after, "?");
  const params = parseParams(query ?? "");
  return { user, password, ...parseAddress(before.slice(at + 1)), database: unescapePath(name), params };
}

/** `net(addr)`, `net` or nothing. */
function parseAddress(text: string): Pick<Dsn, "net" | "addr"> {
  const [net = "", rest] = splitAt(text, "(");
  if (rest === undefined) return withDefaults(net || "tcp", "");
  if (!rest.endsWith(")")) {
    if (rest.includes(")")) throw invalid("invalid DSN: did you forget to escape a param value?");
    throw invalid("invalid DSN: network address not terminated (missing closing brace)");
  }
  return withDefaults(net || "tcp", rest.slice(0, -1));
}

function withDefaults(net: string, addr: string): Pick<Dsn, "net" | "addr"> {
  if (addr === "") {
    if (net === "tcp") return { net, addr: "127.0.0.1:3306" };
    if (net === "unix") return { net, addr: "/tmp/mysql.sock" };
    throw invalid(`default addr for network unknown: ${howToWrite}`);
  }
  return { net, addr: net === "tcp" ? withPort(addr) : addr };
}

/** Adds the default port to an address without one, and brackets to an IPv6 address. */
function withPort(addr: string): string {
  if (/^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(addr)) return addr;
  const bare = addr.replace(/^\[(.*)\]$/, "$1");
  return bare.includes(":") ? `[${bare}]:3306` : `${bare}:3306`;
}

function parseParams(query: string): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  for (const part of query.split("&")) {
    const [name = "", value] = splitAt(part, "=");
    if (value === undefined) continue;
    const plain = unescapeQuery(value);
    checkParam(name, plain);
    params.set(name, plain);
  }
  const collation = params.get("collation") ?? "";
  // Nothing is ever interpolated here, but this combination shows a misunderstanding of the configuration.
  if (readBool(params.get("interpolateParams") ?? "") && /^(big5|cp932|gb18030|gbk|sjis)_/.test(collation)) {
    throw invalid("invalid DSN: interpolateParams can not be used with unsafe collations");
  }
  return params;
}

function unescapePath(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    throw invalid("invalid dbname: invalid URL escape");
  }
}

/** The text before and after the first separator; the second is undefined when there is no separator. */
function splitAt(text: string, separator: string): readonly [string, string?] {
  const index = text.indexOf(separator);
  return index < 0 ? [text] : [text.slice(0, index), text.slice(index + separator.length)];
}

function invalid(message: string): SessionError {
  return new SessionError("SESS_CONFIG", `mysql: ${message}`);
}
