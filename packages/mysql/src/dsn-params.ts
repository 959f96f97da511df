import { SessionError } from "@sess/core";

const booleans = new Set([
  "allowAllFiles",
  "allowCleartextPasswords",
  "allowFallbackToPlaintext",
  "allowNativePasswords",
  "allowOldPasswords",
  "checkConnLiveness",
  "clientFoundRows",
  "columnsWithAlias",
  "compress",
  "interpolateParams",
  "multiStatements",
  "parseTime",
  "rejectReadOnly",
  "tinyInt1IsBool",
]);
const durations = new Set(["timeout", "readTimeout", "writeTimeout", "timeTruncate"]);

/** Milliseconds of each unit of Go's `time.ParseDuration`. */
const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/**
 * Checks a parameter that go-sql-driver/mysql knows ("Parameters" in its README). That driver takes any other for a
 * session variable, so others are accepted. Throws a `SessionError` with `SESS_CONFIG` that names the parameter, never
 * its value.
 */
export function checkParam(name: string, value: string): void {
  if (booleans.has(name) && readBool(value) === undefined) throw wrong(name, "invalid bool value");
  if (durations.has(name) && Number.isNaN(parseDuration(value))) throw wrong(name, "invalid duration");
  if (name === "maxAllowedPacket" && !/^[+-]?\d{1,15}$/.test(value)) throw wrong(name, "invalid syntax");
  if (name === "serverPubKey" && value !== "") throw wrong(name, "invalid value / unknown server pub key name");
  if (name === "strict") throw wrong(name, "strict mode has been removed");
}

/** A boolean as go-sql-driver/mysql writes it; undefined for other texts. */
export function readBool(value: string): boolean | undefined {
  if (["1", "true", "TRUE", "True"].includes(value)) return true;
  if (["0", "false", "FALSE", "False"].includes(value)) return false;
  return undefined;
}

/** Milliseconds of a duration as Go's `time.ParseDuration` reads it, such as `1m30s`; NaN for other texts. */
export function parseDuration(text: string): number {
  // The pattern is unambiguous: with `\d+\.?\d*` for a number, matching would take quadratic time.
  const match = /^([+-]?)(0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text);
  if (match === null) return Number.NaN;
  const parts = [...(match[2] ?? "").matchAll(/([\d.]+)([a-zµμ]+)/g)];
  const sum = parts.reduce((total, [, number, unit]) => total + Number(number) * (units[unit ?? ""] ?? 0), 0);
  return match[1] === "-" ? -sum : sum;
}

/** A value as Go's `url.QueryUnescape` reads it. */
export function unescapeQuery(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll("+", " "));
  } catch {
    throw new SessionError("SESS_CONFIG", "mysql: invalid DSN: invalid URL escape");
  }
}

function wrong(name: string, message: string): SessionError {
  return new SessionError("SESS_CONFIG", `mysql: invalid DSN: ${name}: ${message}`);
}
