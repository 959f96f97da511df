import type { ServerResponse } from "node:http";
import { report } from "../diagnostics.js";
import { errorText, failureStatus, statusOf } from "./failure.js";

/** Runs an application's handler; whatever it throws becomes a response, or the end of one that has begun. */
export function runHandler(res: ServerResponse, handler: () => Promise<unknown>): void {
  handler().catch((error: unknown) => {
    try {
      const status = isAbort(error, res) ? statusOf(error) : failureStatus(error);
      if (res.writableEnded) return;
      if (res.headersSent) res.destroy();
      else answerWith(res, status);
    } catch (second) {
      giveUp(res, second);
    }
  });
}

function answerWith(res: ServerResponse, status: number): void {
  for (const name of res.getHeaderNames()) res.removeHeader(name);
  if (res.req?.httpVersionMajor === 1) res.statusMessage = "";
  const body = errorText(status, "The request failed.");
  res.writeHead(status, { "Content-Type": "text/plain; charset=utf-8", "Content-Length": body.length });
  res.end(body);
}

/** For what only looks like a response, and lacks what was to be called: a bare 500, or the end of the connection. */
function giveUp(res: ServerResponse, error: unknown): void {
  report(error);
  try {
    res.statusCode = 500;
    res.end();
  } catch {
    try {
      res.destroy();
    } catch (last) {
      report(last);
    }
  }
}

/** A client that went away while its request was read: nobody's mistake, and nobody is there to answer. */
function isAbort(error: unknown, res: ServerResponse): boolean {
  return res.destroyed && error instanceof Error && "code" in error && error.code === "ECONNRESET";
}
