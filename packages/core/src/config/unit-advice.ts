/** Whoever writes milliseconds where seconds are meant gets sessions that last a thousand times too long, and no error. */

const day = 86_400;
/** Browsers keep no cookie for longer (RFC 6265bis, section 5.5), and nobody means a session to last longer unused. */
const longest = 400 * day;
/** Five minutes in milliseconds are three and a half days in seconds; from ten minutes on it is told. */
const least = 5 * day;

const told = new Set<string>();

/**
 * Warns in development, once for each name, of a number of seconds that looks like one of milliseconds: beyond 400 days,
 * or beyond five and no whole number of days, as nobody writes it who counts in seconds.
 */
export function adviseSeconds(name: string, seconds: number): void {
  const odd = seconds > longest || (seconds > least && seconds % day !== 0);
  if (!odd || told.has(name) || process.env.NODE_ENV === "production") return;
  told.add(name);
  const days = Number((seconds / day).toFixed(1));
  const instead = seconds % 1000 === 0 ? ` If milliseconds were meant, write ${seconds / 1000}.` : "";
  process.emitWarning(`${name} is in seconds, and lasts ${days} days.${instead}`, { code: "SESS_LIFETIME_UNIT" });
}
