/**
 * Detects milliseconds where seconds are meant: such sessions would last a thousand times too long, without an error.
 */

const day = 86_400;
/** Browsers keep no cookie longer (RFC 6265bis, section 5.5), and no application means a longer idle lifetime. */
const longest = 400 * day;
/** Five minutes in milliseconds are 3.5 days in seconds; the warning begins at about ten minutes in milliseconds. */
const least = 5 * day;

const told = new Set<string>();

/**
 * Warns in development, once for each name, about a number of seconds that looks like milliseconds: more than 400 days,
 * or more than five days but not a whole number of days, which nobody configures in seconds.
 */
export function adviseSeconds(name: string, seconds: number): void {
  const odd = seconds > longest || (seconds > least && seconds % day !== 0);
  if (!odd || told.has(name) || process.env.NODE_ENV === "production") return;
  told.add(name);
  const days = Number((seconds / day).toFixed(1));
  const instead = seconds % 1000 === 0 ? ` If milliseconds were meant, write ${seconds / 1000}.` : "";
  process.emitWarning(`${name} is in seconds, and lasts ${days} days.${instead}`, { code: "SESS_LIFETIME_UNIT" });
}
