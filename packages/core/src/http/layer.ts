import type { ServerResponse } from "node:http";
import { toDictionaryMode } from "./dictionary-mode.js";

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

export type HeaderMethod = "setHeader" | "setHeaders" | "appendHeader" | "removeHeader";

/** A response's methods as they were before a layer. */
export type Methods = Pick<
  ServerResponse,
  "writeHead" | "write" | "end" | "flushHeaders" | "cork" | "uncork" | "addTrailers" | HeaderMethod
> &
  Inner;

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
interface Placed {
  readonly interceptor: Interceptor;
  /** Properties of the response's own that were there before: another layer's, mostly. */
  readonly own: Partial<Record<Shadowed, PropertyDescriptor>> | undefined;
}
type Carrier = ServerResponse & Inner & Record<symbol, Placed>;

/**
 * The functions that take the place of a response's own. They are the same for every response, and find whose they are
 * by a slot in it: made anew for each one, they would give each response a shape of its own, and make all that Node
 * does with it slow. A response that is held twice, by two Managers, has two layers.
 */
class Layer {
  readonly #slot = Symbol("sess");
  readonly #methods: Methods;
  readonly #accessors: [Shadowed, PropertyDescriptor][];

  constructor() {
    const slot = this.#slot;
    const of = (res: Carrier) => (res[slot] as Placed).interceptor;
    const changing = (name: HeaderMethod) =>
      function (this: Carrier, ...args: unknown[]) {
        return of(this).changeHeaders(name, args) as never;
      };
    const methods = {
      writeHead(this: Carrier, ...args: unknown[]) {
        return of(this).writeHead(args);
      },
      write(this: Carrier, ...args: Parameters<ServerResponse["write"]>) {
        return of(this).write(args);
      },
      end(this: Carrier, ...args: unknown[]) {
        return of(this).end(args);
      },
      flushHeaders(this: Carrier) {
        of(this).flushHeaders();
      },
      cork(this: Carrier) {
        of(this).cork();
      },
      uncork(this: Carrier) {
        of(this).uncork();
      },
      addTrailers(this: Carrier, ...args: Parameters<ServerResponse["addTrailers"]>) {
        of(this).addTrailers(args);
      },
      setHeader: changing("setHeader"),
      setHeaders: changing("setHeaders"),
      appendHeader: changing("appendHeader"),
      removeHeader: changing("removeHeader"),
      _implicitHeader(this: Carrier) {
        of(this).implicitHeader();
      },
      _send(this: Carrier, ...args: SendArguments) {
        return of(this).send(args);
      },
    };
    this.#methods = methods as never;
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
  put(res: ServerResponse, interceptor: Interceptor): Methods {
    const carrier = res as Carrier;
    const { writeHead, write, end, flushHeaders, cork, uncork, addTrailers } = carrier;
    const { setHeader, setHeaders, appendHeader, removeHeader, _implicitHeader, _send } = carrier;
    const headers = { setHeader, setHeaders, appendHeader, removeHeader };
    const before = {
      writeHead,
      write,
      end,
      flushHeaders,
      cork,
      uncork,
      addTrailers,
      ...headers,
      _implicitHeader,
      _send,
    };
    toDictionaryMode(res, "sendDate");
    carrier[this.#slot] = { interceptor, own: ownDescriptors(res) };
    replace(res as ServerResponse & Inner, before, this.#methods);
    for (const [name, descriptor] of this.#accessors) Object.defineProperty(res, name, descriptor);
    return before;
  }
}

/**
 * One by one and by name, which V8 is quick with. What this kind of response has not, it does not get: HTTP/2's has
 * other inner workings.
 */
function replace(res: Methods, before: Methods, by: Methods): void {
  if (before.writeHead !== undefined) res.writeHead = by.writeHead;
  if (before.write !== undefined) res.write = by.write;
  if (before.end !== undefined) res.end = by.end;
  if (before.flushHeaders !== undefined) res.flushHeaders = by.flushHeaders;
  if (before.cork !== undefined) res.cork = by.cork;
  if (before.uncork !== undefined) res.uncork = by.uncork;
  if (before.addTrailers !== undefined) res.addTrailers = by.addTrailers;
  if (before.setHeader !== undefined) res.setHeader = by.setHeader;
  if (before.setHeaders !== undefined) res.setHeaders = by.setHeaders;
  if (before.appendHeader !== undefined) res.appendHeader = by.appendHeader;
  if (before.removeHeader !== undefined) res.removeHeader = by.removeHeader;
  if (before._implicitHeader !== undefined) res._implicitHeader = by._implicitHeader;
  if (before._send !== undefined) res._send = by._send;
}

const layers: Layer[] = [];

/** The first layer that a response has not got yet. */
export function freeLayer(res: ServerResponse): Layer {
  for (const layer of layers) if (!layer.isOn(res)) return layer;
  const layer = new Layer();
  layers.push(layer);
  return layer;
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
