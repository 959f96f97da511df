import { isDeepStrictEqual } from "node:util";
import { Both, type LoggingHandler, type Seen, type Way, ways } from "./both.js";
import { type ResponseCall, randomCalls } from "./calls.js";
import { Random } from "./random.js";

/** A sequence of calls for which a response with a session is not what one without it is. */
export interface Difference {
  readonly seed: number;
  readonly way: Way;
  readonly method: string;
  readonly calls: readonly string[];
  readonly bare: Seen;
  readonly held: Seen;
}

/** Runs a random sequence of calls for each seed, on a bare server and on one with a session; finds what differs. */
export async function differences(from: number, count: number): Promise<Difference[]> {
  const both = new Both();
  const ports = await both.open();
  const found: Difference[] = [];
  for (let seed = from; seed < from + count; seed++) {
    const random = new Random(seed);
    const calls = randomCalls(random);
    const method = random.below(8) === 0 ? "HEAD" : "GET";
    const way = ways[seed % ways.length] ?? "read";
    const bare = await both.see(ports.bare, way, handlerOf(calls), method);
    if (bare.log.some((entry) => leavesTraces(entry) || entry === joins || entry === removed)) continue;
    if (!isWellFormed(bare)) continue;
    const held = await both.see(ports.held, way, handlerOf(calls), method);
    if (!isDeepStrictEqual(comparable(bare), comparable(held))) {
      found.push({ seed, way, method, calls: calls.map(({ text }) => text), bare, held });
    }
  }
  await both.close();
  return found;
}

function handlerOf(calls: readonly ResponseCall[]): LoggingHandler {
  return async (_req, res, log) => {
    let touched = false;
    for (const { text, run, list } of calls) {
      const count = res.headersSent ? undefined : res.getHeaderNames().length;
      if (list && count !== undefined && count > 0) log(joins);
      if (text.startsWith("res.writeHead") && touched && count === 0) log(removed);
      await attempt(text, () => run(res, log), log);
      touched ||= res.getHeaderNames().length > 0;
    }
  };
}

async function attempt(text: string, run: () => unknown, log: (entry: string) => void): Promise<void> {
  try {
    const answer = run();
    if (answer instanceof Promise) await answer;
  } catch (error) {
    log(`${text} threw ${(error as { code?: string }).code}`);
  }
}

/**
 * How a list given to `writeHead` joins headers set before is not the same in all versions of Node: of a name that comes
 * twice in the list, 20 writes the last and later ones write all, as a response with a session does under each.
 */
const joins = "a list joins headers set before";

/**
 * A response whose headers were set and all removed again is to Node, for `writeHead`, one with headers of its own: an
 * empty name is passed over, of two spellings one is written. Seen from outside it is one with none.
 */
const removed = "writeHead where all headers were removed";

/**
 * What Node refuses may leave traces in the response that is tried again: a `writeHead` that it has no body, an `end` its
 * length. A response with a session does not have them.
 */
function leavesTraces(entry: string): boolean {
  if (/^res\.writeHead\((204|304).* threw (?!ERR_HTTP_HEADERS_SENT)/.test(entry)) return true;
  return /^res\.end\(.* threw (ERR_HTTP_INVALID_STATUS_CODE|ERR_INVALID_CHAR)/.test(entry);
}

/**
 * Whether all that came is HTTP. Node sends a chunk after the last one, where that was written while corked (24 and
 * later), and counts other bytes than it writes where a text is not of its encoding: what such bytes are is not compared.
 */
function isWellFormed({ responses }: Seen): boolean {
  return responses.every(
    ({ statusLine, body }) => statusLine.startsWith("HTTP/1.1 ") && !body.endsWith("(broken off)"),
  );
}

/** The time of day is nobody's difference. */
function comparable({ responses, log }: Seen): Seen {
  const timeless = (line: string) => (line.startsWith("Date: ") ? "Date" : line);
  return { log, responses: responses.map((each) => ({ ...each, headers: each.headers.map(timeless) })) };
}
