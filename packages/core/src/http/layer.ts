import type { ServerResponse } from "node:http";

/** What Node's own `_send` takes. */
export type SendArguments = readonly [
  data: string | Uint8Array,
  encoding?: BufferEncoding,
  callback?: unknown,
  length?: number,
];

/** Methods that Node's own `write` and `end` of HTTP/1 do their work by. On another runtime there may be none. */
interface Inner {
  _implicitHeader(): void;
  _send(...args: SendArguments): boolean;
}

const headerMethods = ["setHeader", "setHeaders", "appendHeader", "removeHeader"] as const;
export type HeaderMethod = (typeof headerMethods)[number];

/** By which a response's head leaves, or its end: replaced as soon as its session is asked for. */
export type Leaving = Pick<ServerResponse, "writeHead" | "write" | "end" | "flushHeaders">;

/** What matters besides while a response waits: replaced when it begins to. */
export type Waiting = Pick<ServerResponse, "cork" | "uncork" | "addTrailers" | HeaderMethod> & Inner;

/** What a layer calls in place of a response's own methods. */
export interface Interceptor {
  readonly isHeld: boolean;
  readonly hasEnded: boolean;
  readonly needsDrain: boolean;
  writeHead(args: readonly unknown[]): ServerResponse;
  write(args: Parameters<ServerResponse["write"]>): boolean;
  end(args: unknown[]): ServerResponse;
  flushHeaders(): void;
  cork(): void;
  uncork(): void;
  addTrailers(args: Parameters<ServerResponse["addTrailers"]>): void;
  changeHeaders(name: HeaderMethod, args: readonly unknown[]): unknown;
  implicitHeader(): void;
  send(args: SendArguments): boolean;
}

/** Properties that read as true while the interceptor says so. */
const shadowed = { headersSent: "isHeld", writableEnded: "hasEnded", writableNeedDrain: "needsDrain" } as const;
type Shadowed = keyof typeof shadowed;

/** What a layer has in a response's slot. */
class Placed {
  readonly interceptor: Interceptor;
  /** Properties of the response's own that were there before: another layer's, mostly. */
  own: Partial<Record<Shadowed, PropertyDescriptor>> | undefined;

  constructor(interceptor: Interceptor) {
    this.interceptor = interceptor;
  }
}
type Carrier = ServerResponse & Inner & Record<symbol, Placed>;

/**
 * The functions that take the place of a response's own. They are the same for every response, and find whose they are
 * by a slot in it: made anew for each one, they would give each response a shape of its own, and make all that Node
 * does with it slow. So would many properties. A response that is held twice, by two Managers, has two layers.
 */
export class Layer {
  readonly #slot = Symbol("sess");
  readonly #leaving: Leaving;
  readonly #waiting: Partial<Record<keyof Waiting, unknown>>;
  readonly #accessors: [Shadowed, PropertyDescriptor][];

  constructor() {
    const slot = this.#slot;
    const of = (res: ServerResponse) => ((res as Carrier)[slot] as Placed).interceptor;
    this.#leaving = {
      writeHead(this: ServerResponse, ...args: unknown[]) {
        return of(this).writeHead(args) as never;
      },
      write(this: ServerResponse, ...args: unknown[]) {
        return of(this).write(args as never);
      },
      end(this: ServerResponse, ...args: unknown[]) {
        return of(this).end(args) as never;
      },
      flushHeaders(this: ServerResponse) {
        of(this).flushHeaders();
      },
    };
    this.#waiting = {
      cork(this: Carrier) {
        of(this).cork();
      },
      uncork(this: Carrier) {
        of(this).uncork();
      },
      addTrailers(this: Carrier, ...args: Parameters<ServerResponse["addTrailers"]>) {
        of(this).addTrailers(args);
      },
      _implicitHeader(this: Carrier) {
        of(this).implicitHeader();
      },
      _send(this: Carrier, ...args: SendArguments) {
        return of(this).send(args);
      },
    };
    for (const name of headerMethods) {
      this.#waiting[name] = function (this: Carrier, ...args: unknown[]) {
        return of(this).changeHeaders(name, args);
      };
    }
    this.#accessors = Object.entries(shadowed).map(([name, asks]) => [
      name as Shadowed,
      {
        configurable: true,
        get(this: Carrier) {
          const { interceptor, own } = this[slot] as Placed;
          return interceptor[asks] || native(this, name as Shadowed, own);
        },
      },
    ]);
  }

  isOn(res: ServerResponse): boolean {
    return Object.hasOwn(res, this.#slot);
  }

  /** Answers the methods that were there before. */
  put(res: ServerResponse, interceptor: Interceptor): Leaving {
    const { writeHead, write, end, flushHeaders } = res;
    const leaving = this.#leaving;
    const carrier = res as Carrier;
    carrier[this.#slot] = new Placed(interceptor);
    res.writeHead = leaving.writeHead;
    asTable(carrier, this.#slot);
    res.write = leaving.write;
    res.end = leaving.end;
    res.flushHeaders = leaving.flushHeaders;
    return { writeHead, write, end, flushHeaders };
  }

  /** To be called when the response begins to wait. Answers the methods that were there before. */
  hold(res: ServerResponse): Waiting {
    const carrier = res as Carrier;
    const { cork, uncork, addTrailers, setHeader, setHeaders, appendHeader, removeHeader } = carrier;
    const { _implicitHeader, _send } = carrier;
    (carrier[this.#slot] as Placed).own = ownDescriptors(res);
    for (const name in this.#waiting) {
      // What this kind of response has not, it does not get: HTTP/2's has other inner workings.
      const method = name as keyof Waiting;
      if (carrier[method] !== undefined) carrier[method] = this.#waiting[method] as never;
    }
    for (const [name, descriptor] of this.#accessors) Object.defineProperty(res, name, descriptor);
    const headers = { setHeader, setHeaders, appendHeader, removeHeader };
    return { cork, uncork, addTrailers, ...headers, _implicitHeader, _send };
  }
}

const layers: Layer[] = [];

/** The first layer that a response has not got yet. */
export function freeLayer(res: ServerResponse): Layer {
  for (const layer of layers) if (!layer.isOn(res)) return layer;
  const layer = new Layer();
  layers.push(layer);
  return layer;
}

/**
 * Has V8 keep a response as a table if its prototype was replaced, which is what Express does. To V8 each of these has a
 * shape of its own: every property that is added makes a further one, which takes microseconds, and every access, by
 * Node too, is to a shape that no code has met. Tables share one. An object becomes a table as a property other than
 * the one added last is removed: the slot, which is put back.
 */
function asTable(res: Carrier, slot: symbol): void {
  if (Object.getPrototypeOf(res) === res.constructor.prototype) return;
  const placed = res[slot] as Placed;
  Reflect.deleteProperty(res, slot);
  res[slot] = placed;
}

function ownDescriptors(res: ServerResponse): Placed["own"] {
  let own: Partial<Record<Shadowed, PropertyDescriptor>> | undefined;
  for (const name in shadowed) {
    if (!Object.hasOwn(res, name)) continue;
    own = { ...own, [name]: Object.getOwnPropertyDescriptor(res, name) };
  }
  return own;
}

function native(res: Carrier, name: Shadowed, own: Placed["own"]): unknown {
  const descriptor = own?.[name];
  if (descriptor === undefined) return Reflect.get(Object.getPrototypeOf(res), name, res);
  return descriptor.get === undefined ? descriptor.value : descriptor.get.call(res);
}
