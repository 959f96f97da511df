import type { ServerResponse } from "node:http";
import type { OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { errorText } from "../../errors.js";
import type { ResponseHead } from "../head.js";
import { destroyedError, Hold } from "./hold.js";

type Done = (error?: Error | null) => void;
/** `respond`, `respondWithFD` and `respondWithFile`: the headers are the argument at `headersAt`. */
type Respond = (...args: unknown[]) => void;

const slot = Symbol("sess");
type Holding = ServerHttp2Stream & { [slot]?: SentStream };

/**
 * Holds what an HTTP/2 stream sends, for the compatible API or for direct users of the stream. A stream requests one
 * write at a time and keeps the following ones itself, so only one write waits here. Further headers of status 1xx are
 * not the response and leave at any time (RFC 9113, section 8.1).
 */
export class SentStream extends Hold {
  readonly #res: ServerResponse;
  readonly #stream: ServerHttp2Stream;
  readonly #respond: ServerHttp2Stream["respond"];
  readonly #write: ServerHttp2Stream["_write"];
  /** The call that made the head. */
  #head: { readonly send: () => void; readonly headers: OutgoingHttpHeaders } | undefined;
  #waiting: { readonly run: () => void; readonly done: Done } | undefined;
  #ending: { readonly run: () => void; readonly done: Done } | undefined;

  private constructor(res: ServerResponse, stream: ServerHttp2Stream) {
    super(stream.headersSent);
    this.#res = res;
    this.#stream = stream;
    this.#respond = stream.respond;
    this.#write = stream._write;
  }

  static of(res: ServerResponse, stream: ServerHttp2Stream): SentStream {
    const holding = stream as Holding;
    const before = holding[slot];
    if (before !== undefined) return before;
    const hold = new SentStream(res, stream);
    holding[slot] = hold;
    hold.#intercept();
    return hold;
  }

  #intercept(): void {
    const stream = this.#stream;
    const { _write, _writev, _final } = stream;
    Object.defineProperty(stream, "headersSent", {
      configurable: true,
      get: () => this.#isHeld || Reflect.get(Object.getPrototypeOf(stream), "headersSent", stream),
    });
    this.#holdHead("respond", 0);
    this.#holdHead("respondWithFD", 1);
    this.#holdHead("respondWithFile", 1);
    stream._write = (chunk, encoding, done) => this.#body(() => _write.call(stream, chunk, encoding, done), done);
    stream._writev = (chunks, done) => this.#body(() => _writev?.call(stream, chunks, done), done);
    stream._final = (done) => this.#end(() => _final.call(stream, done), done);
  }

  #holdHead(name: "respond" | "respondWithFD" | "respondWithFile", headersAt: number): void {
    const native = this.#stream[name] as Respond;
    const hold = (...args: unknown[]) => {
      const headers = copyOf(args[headersAt]);
      args[headersAt] = headers;
      const send = () => native.apply(this.#stream, args);
      // Another head replaces one that was not sent after all: `onError` of a file that cannot be read.
      if (this.state === "passing" && !this.#stream.headersSent) this.hooks.addHeaders(headOf(headers));
      if (this.state !== "open") return send();
      this.#head = { send, headers };
      return this.begin(Number(headers[":status"] ?? 200));
    };
    this.#stream[name] = hold as never;
  }

  get #isHeld(): boolean {
    return this.state === "held" || this.state === "failing";
  }

  get #isHead(): boolean {
    return this.#res.req.method === "HEAD";
  }

  #body(run: () => void, done: Done): void {
    // Otherwise Node would respond by itself, without our `respond`.
    if (this.state === "open") this.#stream.respond();
    if (this.#isHeld) this.#waiting = { run, done };
    else if (this.state === "failed") process.nextTick(done);
    else run();
  }

  #end(run: () => void, done: Done): void {
    if (this.#isHeld) this.#ending = { run, done };
    else if (this.state === "failed") run();
    else {
      this.#ending = { run, done };
      this.beginEnd();
    }
  }

  protected release(): void {
    const { send, headers } = this.#head ?? {};
    if (headers !== undefined) this.hooks.addHeaders(headOf(headers));
    this.state = "passing";
    if (!this.#stream.destroyed && send !== undefined) this.#sendHead(send);
    const waiting = this.#take();
    const status = Number(headers?.[":status"]);
    const isBodiless = this.#isHead || status === 204 || status === 205 || status === 304;
    // Node ends such a stream when it responds, and then refuses data.
    if (this.#stream.destroyed) waiting?.done(destroyedError());
    else if (isBodiless && waiting !== undefined) process.nextTick(waiting.done);
    else waiting?.run();
    if (this.#ending === undefined) return;
    if (isBodiless) process.nextTick(this.#ending.done);
    else this.beginEnd();
  }

  /** If Node refuses a head, it has not been sent. The head of an error replaces it, with the cookie that is due. */
  #sendHead(send: () => void): void {
    try {
      send();
    } catch (error) {
      if (!this.#stream.headersSent && !this.#stream.closed) this.state = "held";
      throw error;
    }
  }

  protected finish(): void {
    this.state = "passing";
    const ending = this.#ending;
    this.#ending = undefined;
    ending?.run();
  }

  protected replace(status: number, error: unknown): void {
    const stream = this.#stream;
    // From here on, the stream itself says whether its head has been sent.
    this.state = "failed";
    const headers: OutgoingHttpHeaders = {};
    this.hooks.addHeaders(headOf(headers));
    const body = Buffer.from(errorText(status, "The session could not be stored."));
    const type = { "content-type": "text/plain; charset=utf-8", "content-length": body.length };
    Object.assign(headers, { ":status": status, ...type });
    this.#res.statusCode = status;
    if (stream.destroyed) {
      this.#take()?.done(error as Error);
      return;
    }
    this.#respond.call(stream, headers, {});
    if (this.#isHead) this.#replaced();
    else this.#write.call(stream, body, "buffer" as BufferEncoding, () => this.#replaced());
  }

  #replaced(): void {
    const ending = this.#ending;
    const waiting = this.#take();
    waiting?.done();
    if (ending !== undefined) ending.run();
    // Node does not destroy it by itself if nobody reads the request: a writer would wait for ever.
    else if (!this.#stream.writableEnded) this.#stream.end(() => this.#stream.destroy());
  }

  protected breakOff(): void {
    this.#take()?.done();
    // INTERNAL_ERROR (RFC 9113, section 7), as for a stream that its server destroys.
    this.#stream.close(2);
  }

  #take() {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting;
  }
}

/**
 * The caller's object is not changed, since it may be used for several streams. Node 24 accepts a list of names and
 * values.
 */
function copyOf(given: unknown): OutgoingHttpHeaders {
  if (!Array.isArray(given)) return { ...(given as OutgoingHttpHeaders | undefined) };
  const headers: OutgoingHttpHeaders = {};
  const head = headOf(headers);
  for (let at = 0; at + 1 < given.length; at += 2) head.appendHeader(String(given[at]), String(given[at + 1]));
  // Symbols mark the sensitive headers (`http2.sensitiveHeaders`).
  for (const symbol of Object.getOwnPropertySymbols(given)) Reflect.set(headers, symbol, Reflect.get(given, symbol));
  return headers;
}

function headOf(headers: OutgoingHttpHeaders): ResponseHead {
  const nameOf = (name: string) => Object.keys(headers).find((each) => each.toLowerCase() === name.toLowerCase());
  return {
    getHeader: (name) => headers[nameOf(name) ?? ""],
    setHeader: (name, value) => {
      headers[nameOf(name) ?? name.toLowerCase()] = value;
    },
    appendHeader: (name, value) => {
      const key = nameOf(name) ?? name.toLowerCase();
      const before = headers[key];
      headers[key] = before === undefined ? [value] : [before, value].flat().map(String);
    },
  };
}
