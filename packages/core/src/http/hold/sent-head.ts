import type { Head } from "../head.js";
import type { Outgoing } from "./outgoing.js";

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
