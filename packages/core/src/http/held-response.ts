import type { ServerResponse } from "node:http";
import { assertStatus, type HeadHeaders, setHeaders } from "./write-head.js";

/** What must happen before a response may leave. Each may answer at once, and then nothing is delayed. */
export interface ResponseGate {
  /** Before the first byte. May still set headers. Rejecting replaces the response by an error. */
  beforeHeaders(status: number, head: Head): void | Promise<void>;
  /** Before the end, where that is not also the first byte. Rejecting breaks the connection off. */
  beforeEnd(): void | Promise<void>;
  /** Makes the error response's head and says its status; without a head, it has gone already. */
  failed(error: unknown, head: Head | undefined): number;
}

/** A response's headers as the gate may still set them while nobody else may. */
export interface Head {
  getHeader(name: string): number | string | string[] | undefined;
  setHeader(name: string, value: string | readonly string[]): unknown;
}

type Call = () => unknown;
const frozen = ["setHeader", "appendHeader", "removeHeader"] as const;
const intercepted = ["writeHead", "write", "end", "flushHeaders", ...frozen] as const;

type Native = Pick<ServerResponse, (typeof intercepted)[number]>;
type State = "open" | "held" | "passing" | "ending" | "failed";

/** Holds a response until `gate` lets it pass: see {@link HeldResponse}. */
export function holdResponse(res: ServerResponse, gate: ResponseGate): void {
  new HeldResponse(res, gate).intercept();
}

/**
 * Holds a response from its first header byte until the gate lets it pass, then replays what was called meanwhile, in
 * order. While held, `write` answers false as a full socket would, so a stream piped into the response stops by itself
 * instead of piling up here.
 *
 * 1xx responses (RFC 9110, section 15.2) are not the response, and pass at any time.
 */
class HeldResponse {
  readonly #res: ServerResponse;
  readonly #gate: ResponseGate;
  readonly #native: Native;
  readonly #head: Head;
  readonly #calls: Call[] = [];
  #state: State = "open";
  #ended = false;
  #owesDrain = false;

  constructor(res: ServerResponse, gate: ResponseGate) {
    this.#res = res;
    this.#gate = gate;
    this.#native = Object.fromEntries(intercepted.map((name) => [name, res[name].bind(res)])) as unknown as Native;
    this.#head = { getHeader: res.getHeader.bind(res), setHeader: this.#native.setHeader };
  }

  intercept(): void {
    const res = this.#res;
    res.writeHead = (status: number, ...rest: unknown[]) => this.#writeHead(status, rest);
    res.write = ((...args: Parameters<ServerResponse["write"]>) => this.#write(args)) as ServerResponse["write"];
    res.end = ((...args: unknown[]) => this.#end(args)) as ServerResponse["end"];
    res.flushHeaders = () => this.#through(() => this.#native.flushHeaders());
    for (const name of frozen) this.#freeze(name);
    // While held, code that asks whether the head has gone must hear yes: nothing it did to it could take effect.
    this.#shadow("headersSent", () => this.#state === "held");
    this.#shadow("writableEnded", () => this.#ended);
  }

  #shadow(property: "headersSent" | "writableEnded", held: () => boolean): void {
    const native = Object.getOwnPropertyDescriptor(this.#res, property) ?? inherited(this.#res, property);
    Object.defineProperty(this.#res, property, {
      configurable: true,
      get: () => held() || native?.get?.call(this.#res),
    });
  }

  #freeze(name: (typeof frozen)[number]): void {
    const native = this.#native[name] as (...args: unknown[]) => unknown;
    Object.defineProperty(this.#res, name, {
      configurable: true,
      writable: true,
      value: (...args: unknown[]) => {
        if (this.#state === "failed") return this.#res;
        if (this.#state !== "held") return native(...args);
        throw Object.assign(new Error("Cannot change headers after they are sent to the client"), {
          code: "ERR_HTTP_HEADERS_SENT",
        });
      },
    });
  }

  #writeHead(status: number, rest: unknown[]): ServerResponse {
    if (this.#state === "failed") return this.#res;
    if (this.#state !== "open") {
      this.#through(() => Reflect.apply(this.#native.writeHead, this.#res, [status, ...rest]));
      return this.#res;
    }
    const [message, headers] = typeof rest[0] === "string" ? rest : [undefined, rest[0] ?? rest[1]];
    assertStatus(status);
    // Taken over into the response's own headers, where the gate's can be merged with them.
    setHeaders(this.#res, headers as HeadHeaders | undefined);
    this.#res.statusCode = status;
    if (typeof message === "string") this.#res.statusMessage = message;
    this.#through(() => this.#native.writeHead(this.#res.statusCode));
    return this.#res;
  }

  #write(args: Parameters<ServerResponse["write"]>): boolean {
    if (this.#state === "failed") return discard(args);
    if (this.#state === "passing") return this.#native.write(...args);
    let answer = false;
    this.#through(() => {
      answer = this.#native.write(...args);
      return answer;
    });
    this.#owesDrain = this.#state === "held";
    return answer;
  }

  #end(args: unknown[]): ServerResponse {
    if (this.#state === "failed") {
      discard(args);
      return this.#res;
    }
    const finish = () => Reflect.apply(this.#native.end, this.#res, args);
    // Where the end is the first call of all, or not the first end, there is nothing left to wait for before it.
    const last = this.#state !== "open" && !this.#ended;
    this.#ended = true;
    try {
      this.#through(last ? () => this.#beforeEnd(finish) : finish);
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
    else if (this.#state === "passing") call();
    else if (this.#state !== "failed") this.#calls.push(call);
  }

  #begin(call: Call): void {
    const { statusCode, statusMessage } = this.#res;
    let wait: void | Promise<void>;
    try {
      wait = this.#gate.beforeHeaders(statusCode, this.#head);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (wait === undefined) {
      this.#state = "passing";
      call();
      return;
    }
    this.#state = "held";
    this.#calls.push(call);
    wait.then(
      () => this.#replay(statusCode, statusMessage),
      (error: unknown) => this.#fail(error),
    );
  }

  #replay(statusCode: number, statusMessage: string): void {
    // What was changed while held came too late: the head was decided by the first call.
    this.#res.statusCode = statusCode;
    this.#res.statusMessage = statusMessage;
    const last = this.#pass();
    if (this.#owesDrain && !this.#ended && last !== false) this.#res.emit("drain");
  }

  /** Makes the calls that waited. Answers what the last of them did. */
  #pass(): unknown {
    this.#state = "passing";
    let last: unknown;
    try {
      while (this.#state === "passing") {
        const call = this.#calls.shift();
        if (call === undefined) break;
        last = call();
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
      finish();
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
    this.#calls.length = 0;
    const res = this.#res;
    if (res.headersSent) {
      this.#gate.failed(error, undefined);
      res.destroy();
      return;
    }
    for (const name of res.getHeaderNames()) this.#native.removeHeader(name);
    res.statusMessage = "";
    const status = this.#gate.failed(error, this.#head);
    const body = status === 409 ? "The session has changed meanwhile.\n" : "The session could not be stored.\n";
    this.#native.setHeader("Content-Type", "text/plain; charset=utf-8");
    // Said, because Node keeps the length of a body whose head it could not write.
    this.#native.setHeader("Content-Length", body.length);
    this.#native.writeHead(status);
    this.#native.end(body);
  }
}

/** As a response that has gone takes a call: nothing happens, the callback is told so by nothing but being called. */
function discard(args: readonly unknown[]): true {
  const callback = args.at(-1);
  if (typeof callback === "function") process.nextTick(callback as () => void);
  return true;
}

function inherited(object: object, property: string): PropertyDescriptor | undefined {
  for (let at = Object.getPrototypeOf(object); at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, property);
    if (found !== undefined) return found;
  }
  return undefined;
}
