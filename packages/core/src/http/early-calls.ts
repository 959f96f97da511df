import type { OutgoingMessage, ServerResponse } from "node:http";

/** What Node's own `write` and `end` of HTTP/1 do their work by. */
interface Inner {
  _contentLength?: number | null;
  _implicitHeader?(): void;
  _send?(data: string | Uint8Array, encoding?: BufferEncoding, callback?: unknown, length?: number): boolean;
}

/** Takes what was to be sent, in place of Node. */
export interface Taker {
  isHeld(): boolean;
  hasEnded(): boolean;
  /** Whether something of the body waits already. */
  hasWritten(): boolean;
  write(chunk: string | Uint8Array, encoding: BufferEncoding | undefined, callback: unknown): boolean;
  end(chunk?: string | Uint8Array, encoding?: BufferEncoding): void;
}

/**
 * Catches calls of a method that was looked up before it was intercepted: in `res.end(await body())` that is Node's own
 * `end`, although the session is asked for while `body` runs. It has the head written, which must wait, and sends the
 * body all the same: without this, a body without a head.
 */
export function catchEarlyCalls(res: ServerResponse, taker: Taker): void {
  const inner = res as OutgoingMessage as Inner;
  const native = { implicitHeader: inner._implicitHeader, send: inner._send };
  // On another runtime than Node there may be no such methods.
  if (native.implicitHeader === undefined || native.send === undefined) return;
  inner._implicitHeader = () => {
    if (!taker.isHeld()) native.implicitHeader?.call(inner);
  };
  inner._send = (data, encoding, callback, length) => {
    if (!taker.isHeld()) return native.send?.call(inner, data, encoding, callback, length) ?? false;
    if (taker.hasEnded()) return false;
    // Only `end` knows the length, and says so before it sends. It is the body's where nothing else waits.
    const last = typeof inner._contentLength === "number";
    if (taker.hasWritten()) inner._contentLength = null;
    if (last) taker.end(data, encoding);
    else if (data.length > 0) return taker.write(data, encoding, callback);
    return false;
  };
}
