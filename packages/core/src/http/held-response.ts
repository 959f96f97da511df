import type { ServerResponse } from "node:http";
import { assertChunk, discard } from "./chunk.js";
import { catchEarlyCalls } from "./early-calls.js";
import { errorText } from "./error-text.js";
import type { GivenHead } from "./given-head.js";
import { type Head, HeadProperties, hasStatusMessage, type ResponseGate } from "./head.js";
import { nodeError } from "./node-error.js";
import { shadow } from "./shadow.js";
import { assertImplicitHead, headArguments, joinHeaders, takeHead } from "./write-head.js";

/** A call of the response's that waits, with the arguments of one whose callback must be called if it never comes. */
interface Call {
  readonly run: () => unknown;
  readonly args?: readonly unknown[];
}

const frozen = ["setHeader", "setHeaders", "appendHeader", "removeHeader"] as const;
const ordered = ["flushHeaders", "cork", "uncork"] as const;
const intercepted = ["writeHead", "write", "end", "addTrailers", ...ordered, ...frozen] as const;

type Native = Pick<ServerResponse, (typeof intercepted)[number]>;
type State = "open" | "held" | "passing" | "ending" | "failed";

/** Holds a response of HTTP/1 or of HTTP/2's compatible API until `gate` lets it pass: see {@link HeldResponse}. */
export function holdResponse(res: ServerResponse, gate: ResponseGate): void {
  new HeldResponse(res, gate).intercept();
}

/**
 * Holds a response from its first header byte until the gate lets it pass, then replays what was called meanwhile, in
 * order. While held, `write` answers false as a full socket would, so a stream piped into the response stops by itself
 * instead of piling up here. What Node would throw at a call is thrown at that call, not when it is replayed.
 *
 * 1xx responses (RFC 9110, section 15.2) are not the response, and pass at any time.
 */
class HeldResponse {
  readonly #res: ServerResponse;
  readonly #gate: ResponseGate;
  readonly #native: Native;
  readonly #calls: Call[] = [];
  /** Whose heads are checked by other rules than those of HTTP/2. */
  readonly #isHttp1: boolean;
  #state: State;
  #given: GivenHead | undefined;
  #ended = false;
  #owesDrain = false;

  constructor(res: ServerResponse, gate: ResponseGate) {
    this.#res = res;
    this.#gate = gate;
    this.#native = Object.fromEntries(intercepted.map((name) => [name, res[name]?.bind(res)])) as unknown as Native;
    this.#isHttp1 = hasStatusMessage(res);
    // A head that has gone cannot be held, but the end can.
    this.#state = res.headersSent ? "passing" : "open";
  }

  intercept(): void {
    const res = this.#res;
    res.writeHead = (...args: unknown[]) => this.#writeHead(args);
    res.write = ((...args: Parameters<ServerResponse["write"]>) => this.#write(args)) as ServerResponse["write"];
    res.end = ((...args: unknown[]) => this.#end(args)) as ServerResponse["end"];
    res.flushHeaders = () => this.#through({ run: this.#native.flushHeaders });
    res.cork = () => this.#inOrder(this.#native.cork);
    res.uncork = () => {
      // Node's own end, which may have come early, has corked the response and uncorks it again.
      if (this.#ended && res.writableCorked > 0) this.#native.uncork();
      else this.#inOrder(this.#native.uncork);
    };
    res.addTrailers = (trailers) => {
      // Later than the end is too late, also where the end has to wait.
      if (!this.#ended) this.#native.addTrailers(trailers);
    };
    for (const name of frozen) this.#freeze(name);
    if (this.#isHttp1) this.#catchEarlyCalls();
    // While held, code that asks whether the head has gone must hear yes: nothing it did to it could take effect.
    shadow(res, "headersSent", () => this.#state === "held");
    shadow(res, "writableEnded", () => this.#ended);
    shadow(res, "writableNeedDrain", () => this.#state === "held" && this.#owesDrain);
  }

  #catchEarlyCalls(): void {
    catchEarlyCalls(this.#res, {
      isHeld: () => this.#state === "held",
      hasEnded: () => this.#ended,
      hasWritten: () => this.#calls.some(({ args }) => args !== undefined),
      write: (chunk, encoding, callback) => this.#write([chunk, encoding, callback] as never),
      end: (...args) => void this.#end(args),
    });
  }

  #freeze(name: (typeof frozen)[number]): void {
    const native = this.#native[name] as ((...args: unknown[]) => unknown) | undefined;
    if (native === undefined) return;
    Object.defineProperty(this.#res, name, {
      configurable: true,
      writable: true,
      value: (...args: unknown[]) => {
        if (this.#state === "failed") return this.#res;
        if (this.#state !== "held") return native(...args);
        throw headersSent();
      },
    });
  }

  #writeHead(args: readonly unknown[]): ServerResponse {
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

  #write(args: Parameters<ServerResponse["write"]>): boolean {
    if (this.#state === "failed") return discard(args);
    if (this.#state === "passing") return this.#native.write(...args);
    assertChunk(args[0], args[1]);
    let answer = false;
    const run = () => {
      answer = this.#native.write(...args);
      return answer;
    };
    this.#through({ run, args });
    this.#owesDrain = this.#state === "held";
    return answer;
  }

  #end(args: unknown[]): ServerResponse {
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
    for (const name of res.getHeaderNames()) this.#native.removeHeader(name);
    if (this.#isHttp1) res.statusMessage = "";
    const status = this.#gate.failed(error, this.#head);
    const body = errorText(status, "The session could not be stored.");
    this.#native.setHeader("Content-Type", "text/plain; charset=utf-8");
    // Said, because Node keeps the length of a body whose head it could not write.
    this.#native.setHeader("Content-Length", body.length);
    // HTTP/2's end calls write, which is ours: to be passed on this once.
    this.#state = "passing";
    this.#native.writeHead(status);
    this.#native.end(body);
    this.#state = "failed";
  }

  /** The head as it is going to be written, which only the gate may still change. */
  get #head(): Head {
    return this.#given ?? { getHeader: (name) => this.#res.getHeader(name), setHeader: this.#native.setHeader };
  }
}

function headersSent(): Error {
  return nodeError(Error, "ERR_HTTP_HEADERS_SENT", "Cannot change headers after they are sent to the client");
}
