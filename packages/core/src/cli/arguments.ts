import { parseArgs } from "node:util";

export type Command = "count" | "list" | "revoke" | "gc" | "doctor";

/** What the operator asked for. */
export interface Request {
  readonly command: Command;
  /** Of `list` and `revoke`. */
  readonly owner: string;
  readonly provider: string | undefined;
  readonly config: string | undefined;
  readonly namespace: string | undefined;
  readonly handle: string | undefined;
  readonly peer: string | undefined;
  readonly json: boolean;
}

/** A mistake in how the command was called, as the operator is to read it. */
export class UsageError extends Error {}

const options = {
  provider: { type: "string", short: "p" },
  config: { type: "string", short: "c" },
  namespace: { type: "string", short: "n" },
  handle: { type: "string" },
  peer: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
  version: { type: "boolean", default: false },
} as const;

const withOwner: readonly Command[] = ["list", "revoke"];
const commands: readonly Command[] = ["count", "gc", "doctor", ...withOwner];

/** The request, or the text that was asked for instead. Throws {@link UsageError}. */
export function readArguments(args: readonly string[]): Request | "help" | "version" {
  const { values, positionals } = parsed(args);
  if (values.version) return "version";
  const [command, owner = "", ...more] = positionals;
  if (values.help || command === undefined || command === "help") return "help";
  if (!isCommand(command)) throw new UsageError(`there is no command ${JSON.stringify(command)}`);
  const takesOwner = withOwner.includes(command);
  if (takesOwner && owner === "") throw new UsageError(`${command} needs an owner`);
  if (more.length > 0 || (!takesOwner && owner !== "")) throw new UsageError(`${command} got too many arguments`);
  if (values.handle !== undefined && command !== "revoke") throw new UsageError("--handle belongs to revoke");
  if (values.peer !== undefined && command !== "doctor") throw new UsageError("--peer belongs to doctor");
  const { provider, config, namespace, handle, peer, json } = values;
  return { command, owner, provider, config, namespace, handle, peer, json };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: withHandle(args), options, allowPositionals: true });
  } catch (error) {
    // Node's own message says which option, and then how to pass such a text after `--`.
    throw new UsageError(error instanceof Error ? (error.message.split(". ")[0] ?? "") : String(error));
  }
}

/** A handle may begin with a hyphen, and Node would take it for an option. */
function withHandle(args: readonly string[]): string[] {
  const end = args.indexOf("--");
  const at = args.indexOf("--handle");
  const handle = args[at + 1];
  if (at < 0 || handle === undefined || (end >= 0 && end <= at + 1)) return [...args];
  return [...args.slice(0, at), `--handle=${handle}`, ...args.slice(at + 2)];
}

function isCommand(text: string): text is Command {
  return (commands as readonly string[]).includes(text);
}
