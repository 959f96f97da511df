import type { EventEmitter } from "node:events";
import { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { errorText } from "../../errors.js";
import { toDictionaryMode } from "../dictionary-mode.js";
import { destroyedError, Hold } from "./hold.js";
import { drained, type Outgoing, type Send, SentHead } from "./outgoing.js";

const slot = Symbol("sess");
type Holding = Outgoing & { [slot]: SentResponse };

/**
 * Holds what Node's own `write` and `end` send, below all methods that an application can call: Node has then made the
 * head and keeps its own state, so nothing of it has to be imitated. While the response is held, `write` returns false
 * from the high-water mark on, as behind a pipelined response. 1xx responses (RFC 9110, section 15.2) do not come this
 * way and leave at any time.
 */
export class SentResponse extends Hold {
  readonly #res: Outgoing;
  readonly #send: Send;
  readonly #end: ServerResponse["end"];
  readonly #queue: Parameters<Send>[] = [];
  /** Length of what `write` put into the queue. */
  #held = 0;
  /** The position in the queue at which the end begins. */
  #endAt: number | undefined;
  #isEnding = false;
  /** The last call of the end: its callback marks the response as sent. */
  #endCall: Parameters<Send> | undefined;
  #failure: unknown;
  /** The stream that is piped into the response. A stream of before Node 0.10 may lack `destroy`. */
  #source: (EventEmitter & Partial<Pick<Readable, "destroy">>) | undefined;

  private constructor(res: Outgoing) {
    super(res.headersSent);
    this.#res = res;
    this.#send = res._send;
    this.#end = res.end;
  }

  /** The holder of a response: there is one, however many sessions the response waits for. */
  static of(res: Outgoing): SentResponse {
    const holding = res as Holding;
    if (Object.hasOwn(res, slot)) return holding[slot];
    const hold = new SentResponse(res);
    toDictionaryMode(res, "sendDate");
    holding[slot] = hold;
    holding._send = send;
    holding.end = end as never;
    holding.on("pipe", piped);
    return hold;
  }

  send(args: Parameters<Send>): boolean {
    if (this.state === "open") this.begin(statusIn(this.#res));
    if (this.state === "passing") return this.#send.apply(this.#res, args);
    if (this.state === "failed") {
      return this.#isEnding ? this.#dropEnd(args, this.#failure) : drop(args, this.#failure);
    }
    this.#queue.push(args);
    if (this.#isEnding) this.#endCall = args;
    else this.#count(args[0].length);
    return this.#held < this.#res.writableHighWaterMark;
  }

  /**
   * What is held counts in `writableLength`. From Node 26 on, a response tells its writer to go on when that is 0,
   * whatever `write` returned: the writer would fill the memory.
   */
  #count(length: number): void {
    this.#held += length;
    if (this.#held !== length) return;
    const get = () => this.#held + Reflect.get(ServerResponse.prototype, "writableLength", this.#res);
    Object.defineProperty(this.#res, "writableLength", { get, configurable: true });
  }

  end(args: unknown[]): ServerResponse {
    if (this.state === "held") this.#endAt ??= this.#queue.length;
    else if (this.state === "passing" && !this.#res.writableEnded) {
      this.#endAt = 0;
      this.beginEnd();
    }
    this.#isEnding = true;
    try {
      return Reflect.apply(this.#end, this.#res, args);
    } finally {
      this.#isEnding = false;
    }
  }

  pipedFrom(source: Readable): void {
    this.#source = source;
  }

  protected release(): void {
    SentHead.change(this.#res, (head) => this.hooks.addHeaders(head));
    this.state = "passing";
    if (this.#queue.length === 0) return;
    const isEnded = this.#endAt !== undefined;
    this.#sendAll(this.#queue.splice(0, this.#endAt ?? this.#queue.length));
    if (!isEnded) return;
    // If the end was the first call, there is nothing left to wait for.
    if (this.#endAt === 0) this.finish();
    else this.beginEnd();
  }

  protected finish(): void {
    this.state = "passing";
    this.#sendAll(this.#queue.splice(0));
  }

  protected replace(status: number, error: unknown): void {
    const res = this.#res;
    const isEnded = res.writableEnded;
    // Whoever corked it will not let this response go. What Node 26 has collected comes into the queue.
    for (let corked = res.writableCorked; corked > 0; corked--) res.uncork();
    // It is unknown whether the rest of an unfinished response will ever be written.
    if (!isEnded) res.shouldKeepAlive = false;
    res._header = null;
    for (const name of res.getHeaderNames()) if (!isOfConnection(name)) res.removeHeader(name);
    this.hooks.addHeaders(res);
    const body = errorText(status, "The session could not be stored.");
    res.setHeader("Content-Type", "text/plain; charset=utf-8");
    res.setHeader("Content-Length", body.length);
    res.statusMessage = "";
    ServerResponse.prototype.writeHead.call(res, status);
    this.#send.call(res, res.req.method === "HEAD" ? "" : body, "latin1", () => this.#replaced(error));
    if (res.destroyed) this.#replaced(error); // Node calls nobody back whose connection has gone.
  }

  /** A writer must be told that nothing is read any more. */
  #replaced(error: unknown): void {
    this.#dropQueue(error);
    if (this.#res.writableEnded) return;
    this.#endSource();
    this.#res.destroy();
  }

  /** A source that others read as well, such as a live stream of several clients, goes on for them. */
  #endSource(): void {
    if (this.#source?.listenerCount("data") === 1) this.#source.destroy?.();
  }

  protected breakOff(error: unknown): void {
    this.#endSource();
    // Before the callbacks: a response that is cut off has not finished.
    this.#res.destroy();
    this.#dropQueue(error);
  }

  /** The callbacks of dropped writes get the reason. */
  #dropQueue(error: unknown): void {
    this.#failure = error;
    this.#dropAll(this.#queue.splice(0), error);
  }

  #dropAll(calls: readonly Parameters<Send>[], error: unknown): void {
    for (const args of calls) {
      if (args === this.#endCall) this.#dropEnd(args, error);
      else drop(args, error);
    }
  }

  /**
   * By the last call of an end, Node marks the response as sent. For a pipelined response, this must not happen before
   * the responses in front of it have been sent: an assertion of Node would end the process. Of a closed response, the
   * callback of `end` gets the error. Before Node 24 this call takes none: it always emits `finish`, and stays out.
   */
  #dropEnd(args: Parameters<Send>, error: unknown): false {
    const res = this.#res;
    if (res.destroyed) return args[2]?.length === 0 ? false : drop(args, error);
    if (res.socket !== null) return drop(args, undefined);
    this.#send.call(res, "", "latin1", args[2]);
    return false;
  }

  #sendAll(calls: readonly Parameters<Send>[]): void {
    this.#held = 0;
    if (calls.length === 0) return;
    const res = this.#res;
    if (res.destroyed) {
      this.#dropAll(calls, destroyedError());
      return;
    }
    const { socket } = res;
    let isReady = true;
    socket?.cork();
    for (const args of calls) isReady = this.#send.apply(res, args);
    // Node does the same at the end: after it, an application that called `cork` while the response was held has
    // nothing left to collect.
    if (res.writableEnded) while ((socket?.writableCorked ?? 0) > 1) socket?.uncork();
    socket?.uncork();
    if (isReady && !res.writableEnded && res.writableNeedDrain) drained(res);
  }
}

/**
 * These functions are shared by all responses: with functions of its own, each response would get a shape of its own.
 */
function send(this: Holding, ...args: Parameters<Send>): boolean {
  return this[slot].send(args);
}

function end(this: Holding, ...args: unknown[]): ServerResponse {
  return this[slot].end(args);
}

function piped(this: Holding, source: Readable): void {
  this[slot].pipedFrom(source);
}

/** The status in the head. The property may have been changed since the head was made. */
function statusIn({ _header, statusCode }: Outgoing): number {
  return _header === null ? statusCode : Number(_header.slice(9, 12));
}

/** Node remembers the removal of these headers and omits them from then on. */
function isOfConnection(name: string): boolean {
  return name === "connection" || name === "keep-alive" || name === "date";
}

/** Handles a call as a closed response does: its callback gets the error. */
function drop([, , callback]: Parameters<Send>, error: unknown): false {
  if (typeof callback === "function") process.nextTick(callback, error);
  return false;
}
