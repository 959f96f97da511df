import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** A process that serves the application. */
export interface Running {
  readonly port: number;
  /** Resolves when it has answered its pending requests and ended by itself. */
  stop(): Promise<void>;
}

/** Starts a process of the old application, or of the new one; resolves when it listens. */
export async function start(kind: "old" | "new", url: string): Promise<Running> {
  const args = ["--conditions=@sess/source", "--import", "tsx", join(import.meta.dirname, "process.ts"), kind, url];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const [printed] = await Promise.race([once(child.stdout, "data"), ended.then(() => [""])]);
  const port = Number(printed);
  if (!port) throw new Error(`the ${kind} application ended before it listened`);
  const stop = async () => {
    child.kill("SIGTERM");
    const [code] = await ended;
    if (code !== 0) throw new Error(`the ${kind} application ended with ${code}`);
  };
  return { port, stop };
}
