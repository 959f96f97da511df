import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";

const processes: ChildProcess[] = [];
afterEach(async () => {
  for (const child of processes.splice(0)) {
    if (child.exitCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
});

/**
 * Starts an example as its readers do, in a process of its own, until the test has ended. Resolves to the process and its
 * address, which it prints when it is ready.
 */
export async function startExample(
  name: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ child: ChildProcess; url: string }> {
  const args = ["--import", "tsx", "--conditions=@sess/source", "server.ts"];
  const cwd = fileURLToPath(new URL(name, import.meta.url));
  const child = spawn(process.execPath, args, { cwd, env: { ...process.env, ...env, PORT: "0" }, stdio: "pipe" });
  processes.push(child);
  let printed = "";
  for await (const chunk of child.stdout) {
    printed += chunk;
    const port = /:(\d+)\s/.exec(printed)?.[1];
    if (port !== undefined) return { child, url: `http://localhost:${port}` };
  }
  throw new Error(`${name} ended before it was ready`);
}

/** The heading of a page and its lines, without those of its forms. */
export function said(html: string): string[] {
  return [...html.matchAll(/<(h1|p)>([^<]*)<\/\1>/g)].map(([, , text = ""]) => text);
}
