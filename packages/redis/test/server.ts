import { type ChildProcess, execFile, spawn } from "node:child_process";
import { access, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../core/test-support/free-port.js";

export { freePort };

const run = promisify(execFile);

/** The one line that enables the tests which need a server. */
export const howToEnable =
  "install redis-server (Debian: apt-get update && apt-get install -y redis-server) or set SESS_REDIS_URL";

/** A redis-server of this process's own, on a free port, with nothing on disk. */
export interface PrivateRedis {
  readonly port: number;
  readonly url: string;
  /** SIGSTOP: the kernel goes on accepting connections and data, nobody answers. */
  pause(): void;
  resume(): void;
  /** SIGKILL; resolves when the port is free. */
  kill(): Promise<void>;
  /** Starts it again on the same port, empty. */
  restart(): Promise<void>;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

/** Whether a private server can be started; on a Debian-like machine, as root, installs what is missing. */
export async function canStartRedis(): Promise<boolean> {
  if (await onPath("redis-server")) return true;
  if (process.getuid?.() !== 0 || !(await onPath("apt-get"))) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const patient = ["-q", "-o", "DPkg::Lock::Timeout=120"];
  // Neither command has to succeed: what counts is whether the binary is there afterwards.
  await run("apt-get", [...patient, "update"], { env }).catch(() => undefined);
  await run("apt-get", [...patient, "install", "-y", "redis-server"], { env }).catch(() => undefined);
  return onPath("redis-server");
}

/** Starts a private server; `args` as on redis-server's command line. */
export async function startRedis(...args: readonly string[]): Promise<PrivateRedis> {
  const directory = await mkdtemp(join(tmpdir(), "sess-redis-"));
  const { port, first, start } = await launchOnFreePort(directory, args);
  let server = first;
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    pause: () => process.kill(server.pid, "SIGSTOP"),
    resume: () => process.kill(server.pid, "SIGCONT"),
    kill: () => end(server),
    restart: async () => {
      server = await start();
    },
    stop: async () => {
      await end(server);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Somebody else may take the port between the moment it was free and the server's start: then it tries another. */
async function launchOnFreePort(directory: string, args: readonly string[], attempts = 5) {
  const port = await freePort();
  const bus = args.includes("--cluster-enabled") ? ["--cluster-port", String(await freePort())] : [];
  const start = () => launch(port, directory, [...args, ...bus]);
  try {
    return { port, start, first: await start() };
  } catch (error) {
    if (attempts === 1) throw error;
    return launchOnFreePort(directory, args, attempts - 1);
  }
}

/** A server under a guard. */
export interface Running {
  readonly shell: ChildProcess;
  readonly pid: number;
}

// The shell's standard input ends when this process is gone, however it went, and then the server is killed; it also
// ends when the server does. It says the server's process id first.
const guard = `exec 3<&0
redis-server "$@" 3<&- >&2 & server=$!
echo $server
{ cat <&3 >/dev/null 2>&1; kill -9 $server; } >/dev/null 2>&1 & guard=$!
wait $server
kill $guard`;

async function launch(port: number, directory: string, args: readonly string[]): Promise<Running> {
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  return launchGuarded([...options, "--dir", directory, ...args], /(Ready to accept connections)/);
}

/** Starts redis-server under the guard; resolves when it has said `ready`. */
export async function launchGuarded(args: readonly string[], ready: RegExp): Promise<Running> {
  const shell = spawn("sh", ["-c", guard, "sh", ...args], { stdio: ["pipe", "pipe", "pipe"] });
  // What is left of the guard ends with its input.
  shell.once("exit", () => shell.stdin.destroy());
  const pid = Number(await line(shell.stdout, /^(\d+)\n/));
  await line(shell.stderr, ready);
  shell.stderr.resume();
  return { shell, pid };
}

/** Resolves to what a stream says that matches; rejects with all it said when it ends before. */
function line(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = "";
    const look = (chunk: Buffer) => {
      said += chunk.toString();
      const match = pattern.exec(said);
      if (match === null) return;
      stream.off("data", look);
      resolve(match[1] ?? "");
    };
    stream.on("data", look);
    stream.once("end", () => reject(new Error(`redis-server did not start: ${said}`)));
  });
}

/** SIGKILL; resolves when it is gone. */
export async function end({ shell }: Running): Promise<void> {
  if (shell.exitCode !== null || shell.signalCode !== null) return;
  const exited = new Promise((resolve) => shell.once("exit", resolve));
  shell.stdin?.end();
  await exited;
}

async function onPath(binary: string): Promise<boolean> {
  const places = (process.env.PATH ?? "").split(delimiter).concat("/usr/bin", "/usr/sbin");
  const found = await Promise.all(places.map((place) => access(join(place, binary)).then(...settled)));
  return found.includes(true);
}

const settled = [() => true, () => false] as const;
