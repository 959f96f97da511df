import type { ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { ResponseHook } from "../head.js";
import { isNodesOwn } from "./outgoing.js";
import { QueuedResponse } from "./queued-response.js";
import { SentResponse } from "./sent-response.js";
import { SentStream } from "./sent-stream.js";

/** Makes a response wait for a session, in addition to those for which it waits already. */
export function holdResponse(res: ServerResponse, hook: ResponseHook): void {
  holdOf(res).hooks.add(hook);
}

function holdOf(res: ServerResponse) {
  if (isNodesOwn(res)) return SentResponse.of(res);
  const { stream } = res as { readonly stream?: Partial<ServerHttp2Stream> };
  if (typeof stream?.respond === "function") return SentStream.of(res, stream as ServerHttp2Stream);
  return QueuedResponse.of(res);
}
