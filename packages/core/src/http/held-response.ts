import type { ServerResponse } from "node:http";
import { assertChunk, discard } from "./chunk.js";
import { errorText } from "./error-text.js";
import type { GivenHead } from "./given-head.js";
import { type Head, HeadProperties, hasStatusMessage, type ResponseHook } from "./head.js";
import { freeLayer, type HeaderMethod, type Interceptor, type Methods, type SendArguments } from "./layer.js";
import { nodeError } from "./node-error.js";
import { assertImplicitHead, headArguments, joinHeaders, takeHead } from "./write-head.js";

/** A call of the response's that waits, with the arguments of one whose callback must be called if it never comes. */
interface Call {
  readonly run: () => unknown;
  readonly args?: readonly unknown[];
}

type State = "open" | "held" | "passing" | "ending" | "failed";

/** Holds a response of HTTP/1 or of HTTP/2's compatible API until `gate` lets it pass: see {@link HeldResponse}. */
export function holdResponse(res: ServerResponse, gate: ResponseHook): void {
  new HeldResponse(res, gate).intercept();
}

/**
 * Holds a response from its first header byte until the gate lets it pass, then replays what was called meanwhile, in
 * order. While held, `write` answers false as a full socket would, so a stream piped into the response stops by itself
 * instead of piling up here. What Node would throw at a call is thrown at that call, not when it is replayed.
 *
 * 1xx responses (RFC 9110, section 15.2) are not the response, and pass at any time.
 */
class HeldResponse implements Interceptor, Head {
  readonly #res: ServerResponse;
  readonly #gate: ResponseHook;
  #native!: Methods;
  readonly #calls: Call[] = [];
  /** Whose heads are checked by other rules than those of HTTP/2. */
  readonly #isHttp1: boolean;
  #state: State;
  #given: GivenHead | undefined;
  #ended = false;
  #owesDrain = false;
  /** Whether Node's own end, which came early, is about to uncork what it corked. */
  #endUncorks = false;

  constructor(res: ServerResponse, gate: ResponseHook) {
    this.#res = res;
    this.#gate = gate;
    this.#isHttp1 = hasStatusMessage(res);
    // A head that has gone cannot be held, but the end can.
    this.#state = res.headersSent ? "passing" : "open";
  }

  intercept(): void {
    this.#native = freeLayer(this.#res).put(this.#res, this);
  }

  getHeader(name: string): number | string | string[] | undefined {
    return this.#res.getHeader(name);
  }

  /** For the gate, while everybody else is kept from it. */
  setHeader(name: string, value: string | readonly string[]): void {
    this.#native.setHeader.call(this.#res, name, value);
  }

  /** While held, code that asks whether the head has gone must hear yes: nothing it did to it could take effect. */
  get isHeld(): boolean {
    return this.#state === "held";
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  get needsDrain(): boolean {
    return this.#state === "held" && this.#owesDrain;
  }

  flushHeaders(): void {
    this.#through({ run: () => this.#native.flushHeaders.call(this.#res) });
  }

  cork(): void {
    this.#inOrder(() => this.#native.cork.call(this.#res));
  }

  uncork(): void {
    const itself = this.#endUncorks && this.#res.writableCorked > 0;
    this.#endUncorks = false;
    if (itself) this.#native.uncork.call(this.#res);
    else this.#inOrder(() => this.#native.uncork.call(this.#res));
  }

  addTrailers(args: Parameters<ServerResponse["addTrailers"]>): void {
    // Later than the end is too late, also where the end has to wait.
    if (!this.#ended) this.#native.addTrailers.apply(this.#res, args);
  }

  /** `setHeader` and its like. */
  changeHeaders(name: HeaderMethod, args: readonly unknown[]): unknown {
    if (this.#state === "failed") return this.#res;
    if (this.#state === "held") throw headersSent();
    return Reflect.apply(this.#native[name], this.#res, args);
  }

  implicitHeader(): void {
    if (this.#state !== "held") this.#native._implicitHeader.call(this.#res);
  }

  send(args: SendArguments): boolean {
    if (this.#state !== "held") return Reflect.apply(this.#native._send, this.#res, args);
    if (!this.#ended) this.#takeEarly(args);
    return false;
  }

  /**
   * Takes what was to be sent by a method that was looked up before it was intercepted: in `res.end(await body())` that
   * is Node's own `end`, although the session is asked for while `body` runs. It has the head written, which must wait,
   * and sends the body all the same: without this, a body without a head.
   */
  #takeEarly([data, encoding, callback]: SendArguments): void {
    const inner = this.#res as { _contentLength?: number | null };
    // Only `end` knows the length, and says so before it sends. It is the body's where nothing else waits.
    const last = typeof inner._contentLength === "number";
    if (this.#calls.some(({ args }) => args !== undefined)) inner._contentLength = null;
    this.#endUncorks = last;
    if (last) this.end([data, encoding]);
    else if (data.length > 0) this.write([data, encoding, callback] as never);
  }

  writeHead(args: readonly unknown[]): ServerResponse {
    if (this.#state === "failed") return this.#res;
    if (this.#state === "held") throw headersSent();
    if (this.#state !== "open") return Reflect.apply(this.#native.writeHead, this.#res, args);
    const head = headArguments(args);
    if (this.#isHttp1) {
      this.#given = takeHead(this.#res, head);
    } else {
      this.#res.statusCode = head.status;
      joinHeaders(this.#res, head.headers);
    }
    this.#through({ run: () => this.#writeNative(head.message) });
    return this.#res;
  }

  #writeNative(message: string | undefined): void {
    const { statusCode } = this.#res;
    const headers = this.#given?.headers;
    // An empty message must be said: left out, Node puts its own in its place.
    const args = message === undefined || !this.#isHttp1 ? [headers] : [message, headers];
    Reflect.apply(this.#native.writeHead, this.#res, [statusCode, ...args]);
  }

  write(args: Parameters<ServerResponse["write"]>): boolean {
    if (this.#state === "failed") return discard(args);
    if (this.#state === "passing") return Reflect.apply(this.#native.write, this.#res, args);
    assertChunk(args[0], args[1]);
    let answer = false;
    const run = () => {
      answer = Reflect.apply(this.#native.write, this.#res, args);
      return answer;
    };
    this.#through({ run, args });
    this.#owesDrain = this.#state === "held";
    return answer;
  }

  end(args: unknown[]): ServerResponse {
    if (this.#state === "failed") {
      discard(args);
      return this.#res;
    }
    // Where the end is the first call of all, or not the first end, there is nothing left to wait for before it.
    const last = this.#state !== "open" && !this.#ended;
    if (!this.#ended && args[0] && typeof args[0] !== "function") assertChunk(args[0], args[1]);
    const finish: Call = { run: () => Reflect.apply(this.#native.end, this.#res, args), args };
    this.#ended = true;
    try {
      this.#through(last ? { run: () => this.#beforeEnd(finish), args } : finish);
    } catch (error) {
      // A head that Node refuses to write: the caller may try another.
      this.#ended = false;
      throw error;
    }
    return this.#res;
  }

  /** Makes a call now, or once the response may leave; the first call is what asks whether it may. */
  #through(call: Call): void {
    if (this.#state === "open") this.#begin(call);
    else if (this.#state === "passing") call.run();
    else if (this.#state === "failed") discard(call.args ?? []);
    else this.#calls.push(call);
  }

  /** Makes a call now, or after the calls that wait. */
  #inOrder(run: () => unknown): void {
    if (this.#state === "held" || this.#state === "ending") this.#calls.push({ run });
    else run();
  }

  #begin(call: Call): void {
    if (this.#isHttp1) this.#res.statusCode = assertImplicitHead(this.#res);
    const head = new HeadProperties(this.#res);
    let wait: void | Promise<void>;
    try {
      wait = this.#gate.beforeHeaders(head.status, this.#head);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (wait === undefined) {
      this.#state = "passing";
      call.run();
      return;
    }
    this.#state = "held";
    this.#calls.push(call);
    wait.then(
      () => this.#replay(head),
      (error: unknown) => this.#fail(error),
    );
  }

  #replay(head: HeadProperties): void {
    // What was changed while held came too late: the head was decided by the first call.
    head.restore(this.#res);
    this.#unfinish();
    const last = this.#pass();
    if (this.#owesDrain && !this.#ended && last !== false) this.#res.emit("drain");
  }

  /** An end that came early has finished the response as far as Node is concerned, which has sent nothing. */
  #unfinish(): void {
    if (this.#isHttp1) this.#res.finished = false;
  }

  /** Makes the calls that waited. Answers what the last of them did. */
  #pass(): unknown {
    this.#state = "passing";
    let last: unknown;
    try {
      while (this.#state === "passing") {
        const call = this.#calls.shift();
        if (call === undefined) break;
        last = call.run();
      }
    } catch (error) {
      this.#fail(error);
    }
    return last;
  }

  #beforeEnd(finish: Call): void {
    let wait: void | Promise<void>;
    try {
      wait = this.#gate.beforeEnd();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (wait === undefined) {
      finish.run();
      return;
    }
    this.#state = "ending";
    this.#calls.unshift(finish);
    wait.then(
      () => this.#pass(),
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    this.#state = "failed";
    for (const { args } of this.#calls.splice(0)) discard(args ?? []);
    const res = this.#res;
    if (res.headersSent) {
      this.#gate.failed(error, undefined);
      res.destroy();
      return;
    }
    this.#given = undefined;
    this.#unfinish();
    for (const name of res.getHeaderNames()) this.#native.removeHeader.call(res, name);
    if (this.#isHttp1) res.statusMessage = "";
    const status = this.#gate.failed(error, this.#head);
    const body = errorText(status, "The session could not be stored.");
    this.#native.setHeader.call(res, "Content-Type", "text/plain; charset=utf-8");
    // Said, because Node keeps the length of a body whose head it could not write.
    this.#native.setHeader.call(res, "Content-Length", body.length);
    // HTTP/2's end calls write, which is ours: to be passed on this once.
    this.#state = "passing";
    this.#native.writeHead.call(res, status);
    Reflect.apply(this.#native.end, res, [body]);
    this.#state = "failed";
  }

  /** The head as it is going to be written, which only the gate may still change. */
  get #head(): Head {
    return this.#given ?? this;
  }
}

function headersSent(): Error {
  return nodeError(Error, "ERR_HTTP_HEADERS_SENT", "Cannot change headers after they are sent to the client");
}
