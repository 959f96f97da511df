import { execFile } from "node:child_process";
import { access, readdir } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";

/**
 * Before any test: installs the servers that tests start for themselves, where the machine is Debian-like, we are root,
 * and they are missing. All are installed at once, since test files that run at the same time would compete for the
 * package manager's locks. Tests whose server cannot be installed are skipped by name, and fail under CI.
 */
export async function setup(): Promise<void> {
  const wanted: [binary: string, debian: string, own: string][] = [
    ["redis-server", "redis-server", "SESS_REDIS_URL"],
    ["mariadbd", "mariadb-server", "SESS_MYSQL_URL"],
    ["initdb", "postgresql", "SESS_POSTGRES_URL"],
    ["pgbouncer", "pgbouncer", "SESS_POSTGRES_URL"],
  ];
  const missing: string[] = [];
  for (const [binary, debian, own] of wanted) {
    if (!process.env[own] && !(await onPath(binary))) missing.push(debian);
  }
  if (missing.length === 0 || process.getuid?.() !== 0 || !(await onPath("apt-get"))) return;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const patient = ["-q", "-o", "DPkg::Lock::Timeout=120"];
  const run = promisify(execFile);
  await run("apt-get", [...patient, "update"], { env }).catch(() => undefined);
  await run("apt-get", [...patient, "install", "-y", "--no-install-recommends", ...missing], { env }).catch(
    (error: Error) => process.stderr.write(`could not install ${missing.join(", ")}: ${error.message}\n`),
  );
}

async function onPath(binary: string): Promise<boolean> {
  const debian = "/usr/lib/postgresql";
  const versions = await readdir(debian).catch(() => []);
  const postgres = versions.map((version) => join(debian, version, "bin"));
  const places = (process.env.PATH ?? "").split(delimiter).concat("/usr/bin", "/usr/sbin", ...postgres);
  const there = (place: string) =>
    access(join(place, binary)).then(
      () => true,
      () => false,
    );
  return (await Promise.all(places.map(there))).includes(true);
}
