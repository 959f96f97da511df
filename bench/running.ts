import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { startMysql } from "../packages/mysql/test/server.js";
import { startPostgres } from "../packages/postgres/test/server.js";
import { startRedis } from "../packages/redis/test/server.js";
import type { Backend, Contender } from "./contenders.js";

const run = promisify(execFile);

/** A store used by one contender only. */
export interface Store {
  readonly place: string;
  stop(): Promise<void>;
}

export async function startStore(backend: Backend): Promise<Store> {
  if (backend === "redis") {
    const redis = await startRedis();
    return { place: redis.url, stop: () => redis.stop() };
  }
  if (backend === "mysql") {
    const mysql = await startMysql();
    return { place: mysql.url, stop: () => mysql.stop() };
  }
  if (backend === "postgres") {
    const postgres = await startPostgres();
    return { place: postgres.url, stop: () => postgres.stop() };
  }
  const place = await mkdtemp(join(tmpdir(), "sess-bench-"));
  return { place: join(place, "sessions"), stop: () => rm(place, { recursive: true, force: true }) };
}

/** The results of a contender under a load. */
export interface Load {
  readonly perSecond: number;
  /** Microseconds of CPU, user and system together, that the server's process took for each request. */
  readonly cpu: number;
}

/** A contender that runs, with sessions in it. */
export class Running {
  readonly contender: Contender;
  readonly url: string;
  /** The cookies that clients send, one session each. Another process on the same store may use the same ones. */
  cookies: readonly string[] = [];
  readonly #process: ChildProcess;

  private constructor(contender: Contender, process: ChildProcess, url: string) {
    this.contender = contender;
    this.#process = process;
    this.url = url;
  }

  static async start(contender: Contender, place: string, size: number): Promise<Running> {
    const file = join(contender.folder ?? import.meta.dirname, "servers", `${contender.server}.mjs`);
    const env = { ...process.env, NODE_ENV: "production", STORE: place, SIZE: String(size), ...contender.env };
    const child = spawn(process.execPath, [file], { env, stdio: ["pipe", "pipe", "inherit"] });
    for await (const line of createInterface({ input: child.stdout })) {
      const port = /^listening (\d+)$/.exec(line)?.[1];
      if (port !== undefined) return new Running(contender, child, `http://127.0.0.1:${port}`);
    }
    throw new Error(`${contender.name} did not start`);
  }

  /** Begins that many sessions, and checks that each is stored. */
  async fill(count: number, size: number): Promise<void> {
    const cookies: string[] = [];
    for (let n = 0; n < count; n++) {
      const response = await fetch(`${this.url}/make`);
      await response.text();
      const cookie = response.headers.getSetCookie().map((line) => line.split(";")[0]);
      if (!response.ok || cookie.length === 0) throw new Error(`${this.contender.name}: ${response.status}, no cookie`);
      cookies.push(cookie.join("; "));
    }
    this.cookies = cookies;
    const { role } = this.contender;
    const body = await (await fetch(`${this.url}/read`, { headers: { cookie: cookies.at(-1) ?? "" } })).text();
    const bare = role === "floor" && !/\d{2}/.test(body);
    if (body !== `${size} 0` && role !== "bare" && !bare) {
      throw new Error(`${this.contender.name} read ${JSON.stringify(body)}`);
    }
  }

  get pid(): number {
    return this.#process.pid ?? Number.NaN;
  }

  /** Over all sessions or over one. */
  async load(path: string, spread: boolean, seconds: number, connections = 32): Promise<Load> {
    const script = join(tmpdir(), `sess-bench-${this.pid}.lua`);
    const cookies = spread ? this.cookies : this.cookies.slice(0, 1);
    await writeFile(script, lua(path, cookies));
    const options = ["--threads", "1", `--connections=${connections}`, `--duration=${seconds}s`, "--timeout", "10s"];
    const before = await cpuTime(this.pid);
    const { stdout } = await run("wrk", [...options, "--script", script, this.url]).finally(() => rm(script));
    const spent = (await cpuTime(this.pid)) - before;
    const failures = /Non-2xx or 3xx responses: \d+|Socket errors: .*/.exec(stdout);
    if (failures !== null) throw new Error(`${this.contender.name}, ${path}: ${failures[0]}`);
    const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
    return { perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]), cpu: spent / requests };
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.stdin?.end();
    await ended;
  }
}

/** Microseconds on a CPU so far, of all threads of a process (Linux, proc(5): the first figure of schedstat). */
async function cpuTime(pid: number): Promise<number> {
  const tasks = `/proc/${pid}/task`;
  const times = (await readdir(tasks)).map(async (id) => {
    // A thread may have ended in between.
    const text = await readFile(`${tasks}/${id}/schedstat`, "utf8").catch(() => "0");
    return Number(text.split(" ", 1)[0]) / 1000;
  });
  return (await Promise.all(times)).reduce((sum, time) => sum + time, 0);
}

function lua(path: string, cookies: readonly string[]): string {
  return `local cookies = { ${cookies.map((cookie) => JSON.stringify(cookie)).join(", ")} }
local n = 0
request = function()
  n = n % #cookies + 1
  return wrk.format("GET", ${JSON.stringify(path)}, { Cookie = cookies[n] })
end
`;
}
