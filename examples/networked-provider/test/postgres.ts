import { execFile } from "node:child_process";
import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const versions = "/usr/lib/postgresql";

/** Where Debian puts the server's programs; undefined where there are none. */
export async function serverPrograms(): Promise<string | undefined> {
  const found = await readdir(versions).catch(() => []);
  return found.length === 0 ? undefined : join(versions, found.sort().at(-1) ?? "", "bin");
}

/** A PostgreSQL of this process's own, on a free port, in a temporary directory. */
export async function startPostgres(programs: string): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), "sess-postgres-"));
  // The server refuses to run as root.
  const user = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : undefined;
  if (user !== undefined) await chown(directory, user.uid, user.gid);
  const data = join(directory, "data");
  const plain = ["--auth=trust", "--no-sync", "--encoding=UTF8", "--no-locale"];
  await run(join(programs, "initdb"), ["-D", data, "-U", "sess", ...plain], { ...user, cwd: directory });
  const port = await freePort();
  const options = `-p ${port} -k ${directory} -c listen_addresses=127.0.0.1 -c fsync=off`;
  const control = (...args: readonly string[]) =>
    run(join(programs, "pg_ctl"), ["-D", data, "-w", ...args], { ...user, cwd: directory });
  await control("-l", join(directory, "log"), "-o", options, "start");
  return {
    port,
    async stop() {
      await control("-m", "immediate", "stop");
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
