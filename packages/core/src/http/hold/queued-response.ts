import type { ServerResponse } from "node:http";
import { errorText } from "../../errors.js";
import type { ResponseHead } from "../head.js";
import { Hold } from "./hold.js";

const slot = Symbol("sess");
type Method = "writeHead" | "write" | "end" | "flushHeaders";
type Methods = { readonly [M in Method]?: (...args: unknown[]) => unknown };
/** An object that only resembles a response of Node: only its `end` can be relied on. */
type Holding = Partial<ServerResponse> & { [slot]?: QueuedResponse };

/**
 * Holds a response that is not Node's own (of another runtime, or made for tests or for calls within a server) by its
 * public methods. Headers, status and body are right, but the bytes may differ from those without a session. A method
 * that the application looked up before it asked for the session is not held.
 */
export class QueuedResponse extends Hold {
  readonly #res: Holding;
  readonly #native: Methods;
  readonly #calls: (() => void)[] = [];
  /** The position of the end in the queue. */
  #endAt: number | undefined;
  #status = 200;
  #hasEnded = false;
  #owesDrain = false;

  private constructor(res: Holding) {
    super(res.headersSent === true);
    this.#res = res;
    const { writeHead, write, end, flushHeaders } = res as Methods;
    this.#native = {
      ...(writeHead && { writeHead }),
      ...(write && { write }),
      ...(end && { end }),
      ...(flushHeaders && { flushHeaders }),
    };
  }

  static of(res: ServerResponse): QueuedResponse {
    const holding = res as Holding;
    if (Object.hasOwn(res, slot) && holding[slot] !== undefined) return holding[slot];
    const hold = new QueuedResponse(holding);
    Object.defineProperty(res, slot, { value: hold });
    hold.#intercept();
    return hold;
  }

  #intercept(): void {
    const { writeHead, write, end, flushHeaders } = this.#native;
    const own: { [M in Method]?: (...args: unknown[]) => unknown } = {};
    if (writeHead) own.writeHead = (...args) => this.#writeHead(args);
    if (write) own.write = (...args) => this.#write(args);
    if (end) own.end = (...args) => this.#end(args);
    if (flushHeaders) own.flushHeaders = () => this.#through(() => void flushHeaders.call(this.#res));
    for (const [name, value] of Object.entries(own)) {
      Object.defineProperty(this.#res, name, { value, configurable: true, writable: true });
    }
    this.#shadow("headersSent", () => this.#isHeld);
    this.#shadow("writableEnded", () => this.#hasEnded && this.#isWaiting);
    this.#shadow("finished", () => this.#hasEnded && this.#isWaiting);
  }

  /** Makes a property read as true while `isTrue` returns true. It stays assignable, since some responses assign it. */
  #shadow(name: "headersSent" | "writableEnded" | "finished", isTrue: () => boolean): void {
    const res = this.#res;
    if (!(name in res)) return;
    const before = descriptorOf(res, name);
    let value = before?.value;
    const current = () => (before?.get === undefined ? value : before.get.call(res));
    Object.defineProperty(res, name, {
      configurable: true,
      enumerable: before?.enumerable ?? true,
      get: () => isTrue() || current(),
      set: (next) => {
        if (before?.set === undefined) value = next;
        else before.set.call(res, next);
      },
    });
  }

  get #isHeld(): boolean {
    return this.state === "held" || this.state === "failing";
  }

  /** The response's own methods must not see it as ended before they have ended it. */
  get #isWaiting(): boolean {
    return this.#isHeld || this.state === "ending";
  }

  #writeHead(args: unknown[]): unknown {
    if (this.state === "open") {
      const [status, second, third] = args;
      const hasMessage = typeof second === "string";
      const headers = hasMessage ? third : (second ?? third);
      this.#res.statusCode = Number(status);
      const head = headOf(this.#res);
      for (const [name, value] of pairsOf(headers)) setHeader(head, name, value);
      this.#through(() => void this.#native.writeHead?.apply(this.#res, hasMessage ? [status, second] : [status]));
    } else if (this.state === "passing") return this.#native.writeHead?.apply(this.#res, args);
    return this.#res;
  }

  #write(args: unknown[]): boolean {
    let answer = false;
    this.#through(() => {
      answer = this.#native.write?.apply(this.#res, args) !== false;
    }, args);
    if (this.#isHeld) this.#owesDrain = true;
    return answer;
  }

  #end(args: unknown[]): unknown {
    if (this.#hasEnded) return this.#res;
    this.#hasEnded = true;
    const finish = () => void this.#native.end?.apply(this.#res, args);
    this.#endAt = this.#calls.length;
    if (this.state === "passing") {
      this.#calls.push(finish);
      this.beginEnd();
    } else this.#through(finish, args);
    return this.#res;
  }

  /** Makes a call now, or when the response may leave. The first call begins the storing of the session. */
  #through(call: () => void, args: readonly unknown[] = []): void {
    if (this.state === "passing") call();
    else if (this.state === "failed") callBack(args);
    else {
      this.#calls.push(call);
      if (this.state === "open") this.#ask();
    }
  }

  #ask(): void {
    this.#status = this.#res.statusCode ?? 200;
    this.begin(this.#status);
    // A caller that takes the response as soon as the handler returns, as calls within a server do, then finds an error
    // and not an empty 200.
    if (this.#isHeld) this.#res.statusCode = 503;
  }

  protected release(): void {
    this.#res.statusCode = this.#status;
    this.hooks.addHeaders(headOf(this.#res));
    this.state = "passing";
    const endAt = this.#endAt;
    for (const call of this.#calls.splice(0, endAt ?? this.#calls.length)) call();
    if (endAt === 0) this.finish();
    else if (endAt !== undefined) this.beginEnd();
    else if (this.#owesDrain) this.#res.emit?.("drain");
  }

  protected finish(): void {
    this.state = "passing";
    for (const call of this.#calls.splice(0)) call();
  }

  protected replace(status: number): void {
    const res = this.#res;
    // The response's `end` may call its `write`, which is our replacement.
    this.state = "passing";
    this.#calls.length = 0;
    for (const name of namesIn(res)) res.removeHeader?.(name);
    const head = headOf(res);
    this.hooks.addHeaders(head);
    res.statusCode = status;
    head.setHeader("Content-Type", "text/plain; charset=utf-8");
    this.#hasEnded = true;
    this.#native.writeHead?.call(res, status);
    this.#native.end?.call(res, errorText(status, "The session could not be stored."));
  }

  protected breakOff(): void {
    this.#calls.length = 0;
    if (this.#res.destroy !== undefined) this.#res.destroy();
    else this.#native.end?.call(this.#res);
  }
}

function descriptorOf(object: object, name: string): PropertyDescriptor | undefined {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

function headOf(res: Holding): ResponseHead {
  return {
    getHeader: (name) => res.getHeader?.(name),
    setHeader: (name, value) => void res.setHeader?.(name, value),
    appendHeader: (name, value) => {
      const before = res.getHeader?.(name);
      res.setHeader?.(name, before === undefined ? [value] : [before, value].flat().map(String));
    },
  };
}

function namesIn(res: Holding): string[] {
  return res.getHeaderNames?.() ?? Object.keys(res.getHeaders?.() ?? {});
}

function setHeader(head: ResponseHead, name: string, value: unknown): void {
  if (!Array.isArray(value)) {
    head.setHeader(name, String(value));
    return;
  }
  const [first, ...rest] = value.map(String);
  if (first !== undefined) head.setHeader(name, first);
  for (const each of rest) head.appendHeader(name, each);
}

/** The headers of `writeHead` in all their forms. In a list, the values of one name are combined. */
function pairsOf(headers: unknown): Iterable<[string, unknown]> {
  if (typeof headers !== "object" || headers === null) return [];
  if (!Array.isArray(headers)) return Object.entries(headers);
  const isPairs = Array.isArray(headers[0]);
  const pairs: [string, unknown][] = isPairs ? headers : [];
  if (!isPairs) for (let i = 0; i + 1 < headers.length; i += 2) pairs.push([headers[i], headers[i + 1]]);
  const byName = new Map<string, unknown[]>();
  for (const [name, value] of pairs) byName.set(name, [byName.get(name) ?? [], value].flat(2));
  return byName;
}

function callBack(args: readonly unknown[]): void {
  const callback = args.at(-1);
  if (typeof callback === "function") process.nextTick(callback as () => void);
}
