import type { ServerResponse } from "node:http";
import { report } from "../diagnostics.js";
import { isSessionError } from "../errors.js";
import { errorText } from "./error-text.js";
import { hasStatusMessage } from "./head.js";

/** Runs an application's handler; whatever it throws becomes a response, or the end of one that has begun. */
export function runHandler(res: ServerResponse, handler: () => Promise<unknown>): void {
  handler().catch((error: unknown) => {
    const status = isSessionError(error) ? error.status : 500;
    if (status >= 500 && !isAbort(error, res)) report(error);
    if (res.writableEnded) return;
    if (res.headersSent) {
      res.destroy();
      return;
    }
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    if (hasStatusMessage(res)) res.statusMessage = "";
    const body = errorText(status, "The request failed.");
    res.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Content-Length": body.length });
    res.end(body);
  });
}

/** A client that went away while its request was read: nobody's mistake, and nobody is there to answer. */
function isAbort(error: unknown, res: ServerResponse): boolean {
  return res.destroyed && error instanceof Error && "code" in error && error.code === "ECONNRESET";
}
