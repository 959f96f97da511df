import { type ChildProcess, execFile, spawn } from "node:child_process";
import { chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "./server.js";

const run = promisify(execFile);
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };

export const howToEnablePgBouncer = "install pgbouncer (Debian: apt-get install -y pgbouncer)";

export function canStartPgBouncer(): Promise<boolean> {
  return run("pgbouncer", ["--version"], { env }).then(
    () => true,
    () => false,
  );
}

/**
 * A PgBouncer in transaction mode, with two connections to the server of a port; its own port. `ignored`: settings with
 * which a connection may begin and which it does not have then; it refuses the others.
 */
export async function startPgBouncer(
  port: number,
  ignored = "",
): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const [directory, own] = [await mkdtemp(join(tmpdir(), "sess-pgbouncer-")), await freePort()];
  const id = async (flag: string) => Number((await run("id", [flag, "nobody"])).stdout);
  const user = process.getuid?.() === 0 ? { uid: await id("-u"), gid: await id("-g") } : {};
  if (user.uid !== undefined) await chown(directory, user.uid, user.gid);
  const file = join(directory, "pgbouncer.ini");
  const lines = [
    "[databases]",
    `* = host=127.0.0.1 port=${port} user=postgres`,
    "[pgbouncer]",
    "listen_addr = 127.0.0.1",
    `listen_port = ${own}`,
    "unix_socket_dir =",
    "auth_type = any",
    "pool_mode = transaction",
    "default_pool_size = 2",
    ...(ignored === "" ? [] : [`ignore_startup_parameters = ${ignored}`]),
    "max_client_conn = 200",
  ];
  await writeFile(file, `${lines.join("\n")}\n`, { mode: 0o644 });
  const child = spawn("pgbouncer", [file], { ...user, env, stdio: ["ignore", "ignore", "pipe"] });
  await listening(child);
  const stop = async () => {
    const exited = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  return { port: own, stop };
}

function listening(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
      if (/process up/.test(said)) resolve();
    });
    child.once("exit", () => reject(new Error(`pgbouncer did not start: ${said}`)));
  });
}
