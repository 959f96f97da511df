import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, readFile, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { freePort } from "../../packages/core/test-support/free-port.js";

const examples = join(import.meta.dirname, "..", "..", "examples");

/** How an application of a framework is built and started. Commands are files of `node_modules/.bin`, with arguments. */
export interface Framework {
  /** Also the folder of its example. */
  readonly name: string;
  /** The file that makes the Manager, by `createManager<Fields>("memory", `. */
  readonly manager: string;
  /** Where the trial's store is put. Default: the application's folder. */
  readonly store?: string;
  /** Whose versions are printed. */
  readonly packages: readonly string[];
  /** Absent where nothing is built. */
  readonly build?: readonly string[];
  readonly types: readonly string[];
  /** `PORT` is replaced by the port; a command that ends in .js or .mjs is run by Node. */
  readonly start: readonly string[];
  readonly dev?: readonly string[];
  /** A file whose "hello" is edited while the development server runs. */
  readonly edited?: string;
  /** Why a signed-in user is not found after an edit, where the framework starts anew. */
  readonly forgets?: string;
}

/** One application, installed in a folder of its own. */
export class Application {
  readonly framework: Framework;
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #state: string;

  private constructor(framework: Framework, folder: string, node: string) {
    this.framework = framework;
    this.folder = folder;
    this.#state = join(folder, "trial.json");
    const path = `${join(node, "..")}:${process.env.PATH}`;
    const quiet = { NEXT_TELEMETRY_DISABLED: "1", NUXT_TELEMETRY_DISABLED: "1", ASTRO_TELEMETRY_DISABLED: "1" };
    this.#env = { ...process.env, ...quiet, PATH: path, SESS_TRIAL: this.#state, NODE_OPTIONS: "", CI: "true" };
    delete this.#env.NODE_ENV;
  }

  /** Copies the example, gives it the trial's store, and installs it with core's tarball. */
  static async install(framework: Framework, folder: string, tarballs: readonly string[], node: string) {
    const isSource = (path: string) => !/[\\/](?:node_modules|dist|build|\.\w+)$/.test(path);
    await cp(join(examples, framework.name), folder, { recursive: true, filter: isSource });
    const store = join(folder, framework.store ?? ".", "trial-store.mjs");
    await cp(join(import.meta.dirname, "trial-store.mjs"), store);
    await withTrialStore(join(folder, framework.manager), store);
    const application = new Application(framework, folder, node);
    await application.#run("npm", ["install", "--no-audit", "--no-fund", "--loglevel=error", ...tarballs]);
    return application;
  }

  async versions(): Promise<string> {
    const found = this.framework.packages.map(async (name) => {
      const manifest = await readFile(join(this.folder, "node_modules", name, "package.json"), "utf8");
      return `${name} ${(JSON.parse(manifest) as { version: string }).version}`;
    });
    return (await Promise.all(found)).join(", ");
  }

  /** Has the store answer late, fail at writing, or fail at reading. */
  async store(
    state: { readonly delay?: number; readonly fails?: boolean; readonly down?: boolean } = {},
  ): Promise<void> {
    await writeFile(this.#state, JSON.stringify(state));
  }

  /** Runs a command to its end; nothing may open the store meanwhile. */
  async command([program = "", ...args]: readonly string[]): Promise<void> {
    await this.#run(this.#bin(program), args);
  }

  /** Starts a server; resolves when it answers. */
  async serve([program = "", ...args]: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Server> {
    const port = await freePort();
    const isScript = /\.m?js$/.test(program);
    const given = args.map((arg) => arg.replace("PORT", String(port)));
    // SvelteKit refuses forms whose Origin is not that of its URL, and takes https for granted.
    const places = {
      PORT: String(port),
      HOST: "127.0.0.1",
      NITRO_PORT: String(port),
      PROTOCOL_HEADER: "x-forwarded-proto",
    };
    const child = spawn(isScript ? "node" : this.#bin(program), isScript ? [program, ...given] : given, {
      cwd: this.folder,
      env: { ...this.#env, ...places, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const server = new Server(child, port);
    await server.answers();
    return server;
  }

  #bin(name: string): string {
    return join(this.folder, "node_modules", ".bin", name);
  }

  async #run(program: string, args: readonly string[]): Promise<void> {
    const env = { ...this.#env, SESS_TRIAL_BUILD: "1" };
    const options = { cwd: this.folder, env, timeout: 300_000, maxBuffer: 64 * 1024 * 1024 };
    try {
      await promisify(execFile)(program, args, options);
    } catch (error) {
      const { stdout, stderr, message } = error as { stdout: string; stderr: string; message: string };
      throw new Error(`${program} ${args.join(" ")}: ${stdout}${stderr}${stdout || stderr ? "" : message}`);
    }
  }
}

/** Gives the Manager of an example the trial's store, and a lifetime whose tenth can be waited for. */
async function withTrialStore(path: string, store: string): Promise<void> {
  const text = await readFile(path, "utf8");
  const changed = text
    .replace('createManager<Fields>("memory"', "createManager<Fields>(trialStore()")
    .replace("maxLifetime: 1800", "maxLifetime: 100");
  if (!changed.includes("trialStore()")) throw new Error(`${path} makes no Manager as expected`);
  await writeFile(path, `import { trialStore } from "./${relative(dirname(path), store)}";\n${changed}`);
}

/** A server of an application, in a process group of its own. */
export class Server {
  readonly #child: ChildProcess;
  readonly url: string;
  #printed = "";

  constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.url = `http://localhost:${port}`;
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (this.#printed += chunk));
  }

  /** What it printed until now. */
  get printed(): string {
    return this.#printed;
  }

  async answers(): Promise<void> {
    const end = Date.now() + 60_000;
    while (Date.now() < end && this.#child.exitCode === null) {
      const answer = await fetch(this.url, { redirect: "manual" }).catch(() => undefined);
      if (answer !== undefined && answer.status < 500) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await this.stop();
    throw new Error(`the server did not answer: ${this.#printed}`);
  }

  /** Ends the process and those that it started. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.pid === undefined) return;
    const exited = once(this.#child, "exit");
    try {
      process.kill(-this.#child.pid, "SIGKILL");
    } catch {
      return; // It has ended by itself.
    }
    await exited;
  }
}
