import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** How a process of the application is started: where its packages are installed, and its configuration. */
export interface Release {
  readonly folder: string;
  readonly provider: string;
  readonly json: string;
}

/** The application on two processes, either of which may be of another release. */
export class Site {
  readonly #processes: { readonly child: ChildProcess; readonly port: number }[] = [];

  async start(release: Release): Promise<void> {
    const child = fork(join(import.meta.dirname, "app.mjs"), [release.provider, release.json], { cwd: release.folder });
    const [said] = (await Promise.race([once(child, "message"), once(child, "exit")])) as [{ readonly port?: number }];
    if (typeof said?.port !== "number") throw new Error(`${release.folder}: the application did not start`);
    this.#processes.push({ child, port: said.port });
  }

  /** Ends the oldest process, as a deployment does: it finishes the requests that it has begun. */
  async endOldest(): Promise<void> {
    const oldest = this.#processes.shift();
    if (oldest === undefined) return;
    oldest.child.send({ stop: true });
    await once(oldest.child, "exit");
  }

  async stop(): Promise<void> {
    while (this.#processes.length > 0) await this.endOldest();
  }

  /** The address of one of the processes. */
  origin(): string {
    const { port } = this.#processes[Math.floor(Math.random() * this.#processes.length)] ?? { port: 0 };
    return `http://127.0.0.1:${port}`;
  }
}
