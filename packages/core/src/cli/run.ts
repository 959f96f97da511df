import { lineOf } from "../causes.js";
import { isSessionError } from "../errors.js";
import { readArguments, UsageError } from "./arguments.js";
import { carryOut } from "./commands.js";
import { help } from "./help.js";
import { type AnyManager, openManager } from "./open.js";
import { type Terminal, withProgress } from "./progress.js";

/** Where the command writes. */
export interface Streams {
  readonly out: { write(text: string): unknown };
  /** Messages, and the progress of long work. */
  readonly err: Terminal;
}

/** 0: done. 1: failed, or there is a problem. 2: called or configured wrongly. */
export type ExitCode = 0 | 1 | 2;

const doing = { count: "counting", list: "listing", revoke: "revoking", gc: "collecting", doctor: "looking" } as const;

/** The whole command: from its arguments to its exit code. Never rejects. */
export async function run(
  args: readonly string[],
  { out, err }: Streams,
  version: () => Promise<string>,
): Promise<ExitCode> {
  let sessions: AnyManager | undefined;
  try {
    const request = readArguments(args);
    if (request === "help") out.write(help);
    if (request === "version") out.write(`${await version()}\n`);
    if (typeof request === "string") return 0;
    sessions = await openManager(request, request.config ?? process.env.SESS_CONFIG);
    const manager = sessions;
    const outcome = await withProgress(doing[request.command], err, () => carryOut(manager, request));
    out.write(`${request.json ? JSON.stringify(outcome.json) : outcome.text}\n`);
    return outcome.isProblem ? 1 : 0;
  } catch (error) {
    err.write(`sess: ${messageOf(error)}\n`);
    return isMistake(error) ? 2 : 1;
  } finally {
    await sessions?.close().catch(() => {});
  }
}

function isMistake(error: unknown): boolean {
  if (error instanceof UsageError) return true;
  return isSessionError(error) && ["SESS_CONFIG", "SESS_PROVIDER", "SESS_UNSUPPORTED"].includes(error.code);
}

/** No message of ours, and of no provider of ours, has an id, an owner or a value. */
function messageOf(error: unknown): string {
  return error instanceof UsageError ? `${lineOf(error)} (sess --help)` : lineOf(error);
}
