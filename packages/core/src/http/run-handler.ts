import type { ServerResponse } from "node:http";
import { report } from "../diagnostics.js";
import { errorText } from "../errors.js";
import { failureStatus, statusOf } from "./failure.js";

/** Runs an application's handler. If it throws, the response is an error, or ends if it has begun. */
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

/**
 * For an object that only resembles a response and lacks a required method: a bare 500, or the end of the connection.
 */
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

/**
 * Whether the client disconnected while its request was read: this is not an error, and there is no client to answer.
 */
function isAbort(error: unknown, res: ServerResponse): boolean {
  return res.destroyed && error instanceof Error && "code" in error && error.code === "ECONNRESET";
}
