import { type ChildProcess, execFile, spawn } from "node:child_process";
import { access, chown, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../core/test-support/free-port.js";

export { freePort };

const run = promisify(execFile);

/** The one line that enables the tests which need a server. */
export const howToEnable =
  "install mariadb-server (Debian: apt-get update && apt-get install -y mariadb-server) or set SESS_MYSQL_URL";

/** A mariadbd of this process's own, on a free port, in a temporary directory. */
export interface PrivateMysql {
  readonly port: number;
  /** Leads to an empty database, as a user who may do everything. */
  readonly url: string;
  readonly socketPath: string;
  /** SIGSTOP; resolves when it stands still. The kernel goes on accepting connections and data, nobody answers. */
  pause(): Promise<void>;
  resume(): void;
  /** SIGKILL; resolves when the port is free. */
  kill(): Promise<void>;
  /** Starts it again on the same port and the same files; `more` wins over what it was started with. */
  restart(...more: readonly string[]): Promise<void>;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

/** Whether a private server can be started; on a Debian-like machine, as root, installs what is missing. */
export async function canStartMysql(): Promise<boolean> {
  if (await isInstalled()) return true;
  if (process.getuid?.() !== 0 || !(await onPath("apt-get"))) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const patient = ["-q", "-o", "DPkg::Lock::Timeout=120"];
  // Neither command has to succeed: what counts is whether the binaries are there afterwards.
  await run("apt-get", [...patient, "update"], { env }).catch(() => undefined);
  await run("apt-get", [...patient, "install", "-y", "mariadb-server"], { env }).catch(() => undefined);
  return isInstalled();
}

/** Starts a private server; `args` as on mariadbd's command line. */
export async function startMysql(...args: readonly string[]): Promise<PrivateMysql> {
  const directory = await mkdtemp(join(tmpdir(), "sess-mysql-"));
  const { port, first, start } = await install(directory, args).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  let server = first;
  return {
    port,
    url: `mysql://root@127.0.0.1:${port}/sess`,
    socketPath: join(directory, "s.sock"),
    pause: () => halt(server.pid),
    resume: () => process.kill(server.pid, "SIGCONT"),
    kill: () => end(server),
    restart: async (...more) => {
      server = await start(...more);
    },
    stop: async () => {
      await end(server);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface Running {
  readonly shell: ChildProcess;
  readonly pid: number;
}

async function install(directory: string, args: readonly string[]) {
  const user = await unprivileged();
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  await writeFile(join(directory, "init.sql"), "CREATE DATABASE IF NOT EXISTS sess;\n");
  const data = ["--no-defaults", `--datadir=${directory}/data`, `--tmpdir=${directory}`];
  const plain = ["--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=48M"];
  await run("mariadb-install-db", [...data, ...plain], { ...user, env: environment() });
  return launchOnFreePort(directory, [...data, ...options(directory), ...args], user);
}

function options(directory: string): readonly string[] {
  return [
    `--socket=${directory}/s.sock`,
    "--bind-address=127.0.0.1",
    `--pid-file=${directory}/pid`,
    `--init-file=${directory}/init.sql`,
    "--skip-name-resolve",
    "--skip-log-bin",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=48M",
    // Quick, and safe as long as the machine itself goes on; a test of what is lost asks for 1.
    "--innodb-flush-log-at-trx-commit=2",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_bin",
    "--max-connections=600",
  ];
}

/** Somebody else may take the port between the moment it was free and the server's start: then it tries another. */
async function launchOnFreePort(directory: string, args: readonly string[], user?: User, attempts = 5) {
  const port = await freePort();
  const start = (...more: readonly string[]) => launch(directory, [...args, `--port=${port}`, ...more], user);
  try {
    return { port, start, first: await start() };
  } catch (error) {
    if (attempts === 1 || !/Address already in use/.test(String(error))) throw error;
    return launchOnFreePort(directory, args, user, attempts - 1);
  }
}

// The shell's standard input ends when this process is gone, however it went, and then the server is killed; it also
// ends when the server does. It says the server's process id first.
const guard = `exec 3<&0
mariadbd "$@" 3<&- >&2 & server=$!
echo $server
{ cat <&3 >/dev/null 2>&1; kill -9 $server; } >/dev/null 2>&1 & guard=$!
wait $server
kill $guard`;

async function launch(directory: string, args: readonly string[], user?: User): Promise<Running> {
  const shell = spawn("sh", ["-c", guard, "sh", ...args], {
    ...user,
    cwd: directory,
    env: environment(),
    stdio: ["pipe", "pipe", "pipe"],
  });
  // What is left of the guard ends with its input.
  shell.once("exit", () => shell.stdin.destroy());
  const pid = Number(await line(shell.stdout, /^(\d+)\n/));
  await line(shell.stderr, /(ready for connections)/);
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
    stream.once("end", () => reject(new Error(`mariadbd did not start: ${said}`)));
  });
}

async function end({ shell }: Running): Promise<void> {
  if (shell.exitCode !== null || shell.signalCode !== null) return;
  const exited = new Promise((resolve) => shell.once("exit", resolve));
  shell.stdin?.end();
  await exited;
}

/** Stops every thread: on a busy machine one may answer a little longer. */
async function halt(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  for (;;) {
    const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
    const states = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, "utf8")));
    if (states.every((state) => /\) T /.test(state))) return;
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** mariadbd refuses to run as root: then it runs as nobody. */
async function unprivileged(): Promise<User | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(["-u", "-g"].map(async (flag) => (await run("id", [flag, "nobody"])).stdout));
  return { uid: Number(uid), gid: Number(gid) };
}

const places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];

function environment() {
  return { ...process.env, PATH: [process.env.PATH ?? "", ...places].join(delimiter) };
}

async function isInstalled(): Promise<boolean> {
  return (await onPath("mariadbd")) && (await onPath("mariadb-install-db"));
}

async function onPath(binary: string): Promise<boolean> {
  const folders = (process.env.PATH ?? "").split(delimiter).concat(places);
  const found = await Promise.all(folders.map((folder) => access(join(folder, binary)).then(...settled)));
  return found.includes(true);
}

const settled = [() => true, () => false] as const;
