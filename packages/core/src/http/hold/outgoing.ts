/** Node's own response of HTTP/1, by its parts that are not public. */
import { type IncomingMessage, ServerResponse } from "node:http";
import type { Head } from "../head.js";

/** What Node's `write` and `end` send by: the head comes before the first of it, as text that is not sent yet. */
export type Send = (
  data: string | Uint8Array,
  encoding?: string | null,
  callback?: ((error?: Error) => void) | null,
  length?: number,
) => boolean;

/** The parts of Node's own response of HTTP/1 that are not public. */
export interface OutgoingParts {
  /** The head, once it is made. */
  _header: string | null;
  _send: Send;
}
export type Outgoing = ServerResponse & OutgoingParts;

/** What this runtime's `node:http` does, tried once: other runtimes have the names and do otherwise. */
interface Behaviour {
  readonly sendsByItsMethod: boolean;
  /** Where a response keeps that a writer waits for `drain`. */
  readonly needsDrain: symbol | undefined;
}

let behaviour: Behaviour | undefined;

/** Whether a response of HTTP/1 makes its head before it calls `_send`, and calls that for everything. */
export function isNodesOwn(res: object): res is Outgoing {
  behaviour ??= observe();
  if (!behaviour.sendsByItsMethod || !(res instanceof ServerResponse)) return false;
  // What a subclass does in place of Node's methods is unknown. Middleware replaces the response's own, and calls these.
  const inherited = Object.getPrototypeOf(res) as Outgoing;
  const { write, end, _send } = ServerResponse.prototype as Outgoing;
  return inherited.write === write && inherited.end === end && inherited._send === _send;
}

/** Says that nobody waits for `drain` any more; emits it where somebody did. */
export function drained(res: Outgoing): void {
  const { needsDrain } = behaviour ?? observe();
  if (needsDrain !== undefined) Reflect.set(res, needsDrain, false);
  res.emit("drain");
}

function observe(): Behaviour {
  // Bun does all of it for a response made by hand, and writes past it for those of its server: no trial tells them apart.
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
 * A head that Node has made and not sent: text. What is changed in it is changed in the response as well, for whoever
 * asks that for its headers later (a log, a serverless wrapper). Node checks names and values as they are set there.
 */
export class SentHead implements Head {
  readonly #res: Outgoing;
  #text: string;

  private constructor(res: Outgoing, text: string) {
    this.#res = res;
    this.#text = text;
  }

  /** Has the head of a response changed. */
  static change(res: Outgoing, change: (head: Head) => void): void {
    const text = res._header;
    if (text === null) return;
    const head = new SentHead(res, text);
    // While there is none, the response takes headers.
    res._header = null;
    try {
      change(head);
    } finally {
      res._header = head.#text;
    }
  }

  getHeader(name: string): string | readonly string[] | undefined {
    const found = this.#text.match(linesOf(name))?.map((line) => line.slice(name.length + 2, -2));
    return found === undefined || found.length > 1 ? found : found[0];
  }

  setHeader(name: string, value: string): void {
    this.#res.setHeader(name, value);
    const line = `${name}: ${value}\r\n`;
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
    this.#text = withLine(this.#text, `${name}: ${value}\r\n`);
  }
}

/** The head ends with an empty line. */
function withLine(text: string, line: string): string {
  return `${text.slice(0, -2)}${line}\r\n`;
}

const patterns = new Map<string, RegExp>();

/** Names have no character that means something in a pattern: they are ours, or checked as the Manager is made. */
function linesOf(name: string): RegExp {
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    pattern = new RegExp(`^${name}: .*\\r\\n`, "gim");
    patterns.set(name, pattern);
  }
  return pattern;
}
