import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** The repository. */
export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The line that installs chromium on Debian. */
export const install = "apt-get update && apt-get install -y chromium";

/** The path of chromium; installs it if that is possible without a prompt. */
export function findChromium(): string | undefined {
  const which = () => spawnSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).stdout.trim() || undefined;
  const found = which();
  if (found !== undefined) return found;
  const canInstall = process.getuid?.() === 0 && spawnSync("sh", ["-c", "command -v apt-get"]).status === 0;
  if (!canInstall) return undefined;
  console.log("Installing chromium (about half a minute)");
  try {
    execFileSync("sh", ["-c", install], { stdio: "pipe", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
  } catch (error) {
    console.log(String(error));
  }
  return which();
}

export interface Site {
  readonly process: ChildProcess;
  readonly url: string;
}

/** Starts the login site, or an example, on a free port, and waits until it says where it is. */
export async function startSite(example?: string): Promise<Site> {
  const child = spawnSite("0", example);
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /http:\/\/\S+:\d+/.exec(line)?.[0];
    if (url !== undefined) return { process: child, url };
  }
  throw new Error("the site did not start; its messages are above");
}

function spawnSite(port: string, example?: string) {
  const env = { ...process.env, PORT: port };
  return spawn(process.execPath, ["scripts/start.mjs", ...(example === undefined ? [] : [example])], {
    cwd: root,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
}
