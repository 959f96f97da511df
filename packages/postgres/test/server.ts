import { type ChildProcess, execFile, spawn } from "node:child_process";
import { access, chown, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../core/test-support/free-port.js";

export { freePort };

const run = promisify(execFile);

/** The one line that enables the tests which need a server. */
export const howToEnable =
  "install postgresql (Debian: apt-get update && apt-get install -y postgresql) or set SESS_POSTGRES_URL";

/** A postgres of this process's own, on a free port, in a temporary directory. */
export interface PrivatePostgres {
  readonly port: number;
  /** Leads to an empty database, as a user who may do everything. */
  readonly url: string;
  /** Of its Unix socket, and of its files in `data`. */
  readonly directory: string;
  /** SIGSTOP to all of it; resolves when it stands still. The kernel goes on accepting connections, nobody answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** SIGKILL to all of it; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port and the same files; `more` wins over what it was started with. */
  restart(...more: readonly string[]): Promise<void>;
  /** Ends it and removes its directory. */
  stop(): Promise<void>;
}

/** Whether a private server can be started; on a Debian-like machine, as root, installs what is missing. */
export async function canStartPostgres(): Promise<boolean> {
  if ((await binaries()) !== undefined) return true;
  if (process.getuid?.() !== 0 || !(await exists("/usr/bin/apt-get"))) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const patient = ["-q", "-o", "DPkg::Lock::Timeout=120"];
  // Neither command has to succeed: what counts is whether the binaries are there afterwards.
  await run("apt-get", [...patient, "update"], { env }).catch(() => undefined);
  await run("apt-get", [...patient, "install", "-y", "postgresql"], { env }).catch(() => undefined);
  return (await binaries()) !== undefined;
}

/** Starts a private server; `args` as on the command line of postgres. */
export function startPostgres(...args: readonly string[]): Promise<PrivatePostgres> {
  const plain = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-locale", "--no-sync"];
  return startIn(args, (binary, data, user) => run(binary("initdb"), [...plain, `--pgdata=${data}`], user));
}

/** Starts a replica of another server of this machine that it follows by streaming, under a name. */
export function startReplica(port: number, name: string, ...args: readonly string[]): Promise<PrivatePostgres> {
  return startIn(args, async (binary, data, user) => {
    const source = `host=127.0.0.1 port=${port} user=postgres application_name=${name}`;
    const options = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--wal-method=stream"];
    await run(binary("pg_basebackup"), [...options, `--dbname=${source}`, `--pgdata=${data}`], user);
  });
}

interface User {
  readonly uid?: number;
  readonly gid?: number;
}

interface Running {
  readonly shell: ChildProcess;
  readonly pid: number;
}

type Fill = (binary: (name: string) => string, data: string, user: User) => Promise<unknown>;

async function startIn(args: readonly string[], fill: Fill): Promise<PrivatePostgres> {
  const [directory, user] = [await mkdtemp(join(tmpdir(), "sess-postgres-")), await unprivileged()];
  const { port, first, start } = await install(directory, user, args, fill).catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    throw error;
  });
  let server = first;
  return {
    port,
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    directory,
    pause: () => halt(server.pid),
    resume: () => resume(server.pid),
    kill: () => end(server),
    restart: async (...more) => {
      server = await start(...more);
    },
    stop: async () => {
      await end(server);
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function install(directory: string, user: User, args: readonly string[], fill: Fill) {
  const place = (await binaries()) ?? "";
  const data = join(directory, "data");
  if (user.uid !== undefined) await chown(directory, user.uid, user.gid ?? user.uid);
  await fill((name) => join(place, name), data, { ...user, ...inDirectory(directory) });
  const options = ["-D", data, "-k", directory, ...settings.flatMap((setting) => ["-c", setting]), ...args];
  return launchOnFreePort(directory, join(place, "postgres"), options, user);
}

const inDirectory = (directory: string) => ({ cwd: directory, env: { ...process.env, LC_ALL: "C" } });

const settings = [
  "listen_addresses=127.0.0.1",
  "shared_buffers=64MB",
  "max_connections=300",
  // Quick, and safe as long as the machine itself goes on; a test of what is lost asks for it.
  "fsync=off",
];

/** Somebody else may take the port between the moment it was free and the server's start: then it tries another. */
async function launchOnFreePort(directory: string, binary: string, args: readonly string[], user: User, attempts = 5) {
  const port = await freePort();
  const start = (...more: readonly string[]) => launch(directory, binary, [...args, "-p", `${port}`, ...more], user);
  try {
    return { port, start, first: await start() };
  } catch (error) {
    if (attempts === 1 || !/Address already in use/.test(String(error))) throw error;
    return launchOnFreePort(directory, binary, args, user, attempts - 1);
  }
}

// The shell's standard input ends when this process is gone, however it went, and then the server is killed with its
// processes; it also ends when the server does. It says the server's process id first.
const guard = `exec 3<&0
"$@" 3<&- >&2 & server=$!
echo $server
{ cat <&3 >/dev/null 2>&1; kill -9 $server $(cat /proc/$server/task/$server/children); } >/dev/null 2>&1 & guard=$!
wait $server
kill $guard`;

async function launch(directory: string, binary: string, args: readonly string[], user: User): Promise<Running> {
  // What is left of a server that was killed may hold its memory for a moment longer.
  for (let attempt = 1; ; attempt++) {
    const shell = spawn("sh", ["-c", guard, "sh", binary, ...args], {
      ...user,
      ...inDirectory(directory),
      stdio: ["pipe", "pipe", "pipe"],
    });
    // What is left of the guard ends with its input.
    shell.once("exit", () => shell.stdin.destroy());
    const pid = Number(await line(shell.stdout, /^(\d+)\n/));
    try {
      await line(shell.stderr, /(ready to accept (?:read-only )?connections)/);
      shell.stderr.resume();
      return { shell, pid };
    } catch (error) {
      if (attempt === 20 || !/shared memory block|postmaster.pid|lock file/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
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
    stream.once("end", () => reject(new Error(`postgres did not start: ${said}`)));
  });
}

async function end({ shell, pid }: Running): Promise<void> {
  if (shell.exitCode !== null || shell.signalCode !== null) return;
  const processes = [pid, ...(await childrenOf(pid))];
  const exited = new Promise((resolve) => shell.once("exit", resolve));
  shell.stdin?.end();
  await exited;
  for (const each of processes) while (await isRunning(each)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Stops every process: on a busy machine one may answer a little longer. The first process stops first. */
async function halt(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await stopped([pid]);
  const children = await childrenOf(pid);
  for (const each of children) process.kill(each, "SIGSTOP");
  await stopped(children);
}

async function stopped(pids: readonly number[]): Promise<void> {
  for (;;) {
    const stats = await Promise.all(pids.map(statOf));
    if (stats.every((stat) => stat === "" || /\) [TZ] /.test(stat))) return;
  }
}

/** The first process goes on last: while it stands still, no child that has ended loses its process id. */
async function resume(pid: number): Promise<void> {
  for (const each of [...(await childrenOf(pid)), pid]) process.kill(each, "SIGCONT");
}

async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return children.split(" ").filter(Boolean).map(Number);
}

const statOf = (pid: number) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");

async function isRunning(pid: number): Promise<boolean> {
  const stat = await statOf(pid);
  return stat !== "" && !/\) Z /.test(stat);
}

/** postgres refuses to run as root: then it runs as nobody. */
async function unprivileged(): Promise<User> {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(["-u", "-g"].map(async (flag) => (await run("id", [flag, "nobody"])).stdout));
  return { uid: Number(uid), gid: Number(gid) };
}

/** The folder of initdb and postgres: on the path, or where Debian puts those of each version. */
async function binaries(): Promise<string | undefined> {
  const debian = "/usr/lib/postgresql";
  const versions = await readdir(debian).catch(() => []);
  versions.sort((a, b) => Number(b) - Number(a));
  const folders = versions.map((version) => join(debian, version, "bin"));
  for (const folder of [...folders, ...(process.env.PATH ?? "").split(delimiter)]) {
    if ((await exists(join(folder, "initdb"))) && (await exists(join(folder, "postgres")))) return folder;
  }
  return undefined;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
