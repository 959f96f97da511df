/** The internal parts of Node's own HTTP/1 response. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { ResponseHead } from "../head.js";

/**
 * The function by which Node's `write` and `end` send. The head precedes the first data, as text that is not sent yet.
 */
export type Send = (
  data: string | Uint8Array,
  encoding?: string | null,
  callback?: ((error?: Error) => void) | null,
  length?: number,
) => boolean;

/** The parts of Node's own HTTP/1 response that are not public. */
export interface OutgoingParts {
  /** The head, after it was made. */
  _header: string | null;
  _send: Send;
}
export type Outgoing = ServerResponse & OutgoingParts;

/**
 * How this runtime's `node:http` behaves, found out once by a trial: other runtimes have the same names but behave
 * differently.
 */
interface Behaviour {
  readonly sendsByItsMethod: boolean;
  /** The property in which a response remembers that a writer waits for `drain`. */
  readonly needsDrain: symbol | undefined;
}

let behaviour: Behaviour | undefined;

/** Whether an HTTP/1 response makes its head before it calls `_send`, and sends everything by `_send`. */
export function isNodesOwn(res: object): res is Outgoing {
  behaviour ??= observe();
  if (!behaviour.sendsByItsMethod || !(res instanceof ServerResponse)) return false;
  // A subclass may override Node's methods in unknown ways. Middleware replaces methods of the single response and
  // calls the inherited ones.
  const inherited = Object.getPrototypeOf(res) as Outgoing;
  const { write, end, _send } = ServerResponse.prototype as Outgoing;
  return inherited.write === write && inherited.end === end && inherited._send === _send;
}

/** Marks that no writer waits for `drain` any more, and emits the event if one did. */
export function drained(res: Outgoing): void {
  const { needsDrain } = behaviour ?? observe();
  if (needsDrain !== undefined) Reflect.set(res, needsDrain, false);
  res.emit("drain");
}

function observe(): Behaviour {
  // Under Bun, a response made by hand passes every trial, but the responses of its server bypass these methods. No
  // trial can tell them apart.
  if (process.versions.bun !== undefined) return { sendsByItsMethod: false, needsDrain: undefined };
  let sent: unknown;
  let needsDrain: symbol | undefined;
  try {
    const res = unsent();
    res._send = () => {
      sent = res._header;
      return true;
    };
    res.end("x");
    needsDrain = drainSymbol(unsent());
  } catch {
    sent = undefined;
  }
  return { sendsByItsMethod: typeof sent === "string", needsDrain };
}

function drainSymbol(res: Outgoing): symbol | undefined {
  return Object.getOwnPropertySymbols(res).find((symbol) => {
    if (Reflect.get(res, symbol) !== false) return false;
    Reflect.set(res, symbol, true);
    if (res.writableNeedDrain) return true;
    Reflect.set(res, symbol, false);
    return false;
  });
}

function unsent(): Outgoing {
  const req: Partial<IncomingMessage> = { method: "GET", httpVersionMajor: 1, httpVersionMinor: 1, headers: {} };
  return new ServerResponse(req as IncomingMessage) as Outgoing;
}

/**
 * A head as text that Node has made and not sent. A change is made in the response as well, for code that later reads
 * its headers (a log, a serverless wrapper). Node checks names and values when they are set there.
 */
export class SentHead implements ResponseHead {
  readonly #res: Outgoing;
  #text: string;
  /** A name that the text was searched for in vain, since it was changed last. */
  #absent: string | undefined;

  private constructor(res: Outgoing, text: string) {
    this.#res = res;
    this.#text = text;
  }

  /** Changes the head of a response. */
  static change(res: Outgoing, change: (head: ResponseHead) => void): void {
    const text = res._header;
    if (text === null) return;
    const head = new SentHead(res, text);
    // The response accepts headers only while it has no head.
    res._header = null;
    try {
      change(head);
    } finally {
      res._header = head.#text;
    }
  }

  getHeader(name: string): string | readonly string[] | undefined {
    const lines = this.#text.match(linesOf(name));
    if (lines === null) this.#absent = name;
    const found = lines?.map((line) => line.slice(name.length + 2, -2));
    return found === undefined || found.length > 1 ? found : found[0];
  }

  setHeader(name: string, value: string): void {
    this.#res.setHeader(name, value);
    const line = `${name}: ${value}\r\n`;
    const isAbsent = this.#absent === name;
    this.#absent = undefined;
    if (isAbsent) {
      this.#text = withLine(this.#text, line);
      return;
    }
    let isPlaced = false;
    const replaced = this.#text.replace(linesOf(name), () => {
      if (isPlaced) return "";
      isPlaced = true;
      return line;
    });
    this.#text = isPlaced ? replaced : withLine(this.#text, line);
  }

  appendHeader(name: string, value: string): void {
    this.#res.appendHeader(name, value);
    this.#absent = undefined;
    this.#text = withLine(this.#text, `${name}: ${value}\r\n`);
  }
}

/** The head ends with an empty line. */
function withLine(text: string, line: string): string {
  return `${text.slice(0, -2)}${line}\r\n`;
}

const patterns = new Map<string, RegExp>();

/** Names have no special characters of patterns: they are ours, or were checked when the Manager was made. */
function linesOf(name: string): RegExp {
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    pattern = new RegExp(`^${name}: .*\\r\\n`, "gim");
    patterns.set(name, pattern);
  }
  return pattern;
}
