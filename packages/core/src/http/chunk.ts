import { nodeError } from "./node-error.js";

/** What Node throws for a chunk that cannot be written, thrown while the caller is there to catch it. */
export function assertChunk(chunk: unknown, encoding: unknown): void {
  if (chunk === null) {
    throw nodeError(TypeError, "ERR_STREAM_NULL_VALUES", "May not write null values to stream");
  }
  if (typeof chunk !== "string") {
    if (chunk instanceof Uint8Array) return;
    throw nodeError(TypeError, "ERR_INVALID_ARG_TYPE", "The chunk must be a string, a Buffer or a Uint8Array");
  }
  if (typeof encoding !== "string" || encoding === "" || encoding === "buffer" || Buffer.isEncoding(encoding)) return;
  throw nodeError(TypeError, "ERR_UNKNOWN_ENCODING", `Unknown encoding: ${encoding}`);
}

/** As a response that has gone takes a call: nothing happens, the callback is told so by nothing but being called. */
export function discard(args: readonly unknown[]): true {
  const callback = args.at(-1);
  if (typeof callback === "function") process.nextTick(callback as () => void);
  return true;
}
