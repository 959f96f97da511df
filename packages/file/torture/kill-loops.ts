import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Provider } from "@sess/core";
import { file } from "../src/provider.js";
import { firstMessage, forkModule } from "../test/child-process.js";
import { numberOf, payload } from "./payload.js";

/** The outcomes of the kills. All except the last three must be 0. */
export interface KillReport {
  torn: number;
  /** Acknowledged and not stored. */
  lost: number;
  /** Keys that could not be written within two seconds of a kill. */
  stuck: number;
  /** The longest that a write took right after a kill, milliseconds. */
  slowest: number;
  acknowledged: number;
  /** Files and directories of killed writers that gc has not collected yet. */
  leftBehind: number;
}

const hex = () => randomBytes(32).toString("hex");

/**
 * Repeats this: a second writer is started and killed with SIGKILL at a random moment. Then every record that either
 * writer had acknowledged is checked, and every key is written.
 */
export async function killLoops(loops: number, say: (loop: number, report: KillReport) => void): Promise<KillReport> {
  const home = await mkdtemp(join(tmpdir(), "sess-kill-"));
  const run = new Run(home, await file(join(home, "sessions")).connect({ now: Date.now, contract: 1 }));
  try {
    await run.begin();
    for (let loop = 1; loop <= loops; loop += 1) {
      await run.loop();
      say(loop, run.report);
    }
    await run.end();
    return run.report;
  } finally {
    await run.stop();
    await rm(home, { recursive: true });
  }
}

class Run {
  readonly report: KillReport = { torn: 0, lost: 0, stuck: 0, slowest: 0, acknowledged: 0, leftBehind: 0 };
  readonly #home: string;
  readonly #store: Provider;
  readonly #keys = Array.from({ length: 4 }, hex);
  readonly #checked = new Map<string, number>();
  #survivor: ChildProcess | undefined;

  constructor(home: string, store: Provider) {
    this.#home = home;
    this.#store = store;
  }

  async begin(): Promise<void> {
    for (const key of this.#keys) await this.#store.create(key, this.#record(0));
    this.#survivor = await this.#writer();
  }

  async loop(): Promise<void> {
    const victim = await this.#writer();
    await pause(Math.random() * 40);
    await kill(victim);
    await this.#check();
    for (const key of this.#keys) await this.#write(key);
  }

  /** When nobody writes any more, everything that was ever acknowledged is checked again. */
  async end(): Promise<void> {
    await this.stop();
    this.#checked.clear();
    await this.#check();
    const names = await readdir(join(this.#home, "sessions"), { recursive: true });
    const bodies = names.filter((name) => /\/b-[^/]*$/.test(name)).length;
    const labels = names.filter((name) => /\/h1-[^/]*$/.test(name)).length;
    this.report.leftBehind = bodies - labels + names.filter((name) => /\/t-[^/]*$/.test(name)).length;
  }

  async stop(): Promise<void> {
    if (this.#survivor !== undefined) await kill(this.#survivor);
  }

  async #writer(): Promise<ChildProcess> {
    const args = [join(this.#home, "sessions"), join(this.#home, `${hex()}.notes`), ...this.#keys];
    const child = forkModule(new URL("./writer.ts", import.meta.url), args);
    await firstMessage(child);
    return child;
  }

  /** Notes are read before records: a record may be ahead of its notes, never behind. */
  async #check(): Promise<void> {
    const acknowledged = new Map<string, number>();
    this.report.acknowledged = 0;
    for (const name of await readdir(this.#home)) {
      if (!name.endsWith(".notes")) continue;
      const lines = (await readFile(join(this.#home, name), "latin1")).split("\n").slice(0, -1);
      this.report.acknowledged += lines.length;
      for (const line of lines) {
        const [key = "", n] = line.split(" ");
        acknowledged.set(key, Math.max(Number(n), acknowledged.get(key) ?? 0));
      }
    }
    for (const [key, n] of acknowledged) {
      if (this.#checked.get(key) === n) continue;
      await this.#look(key, n);
      this.#checked.set(key, n);
    }
  }

  async #look(key: string, atLeast: number): Promise<void> {
    const record = await this.#store.read(key);
    const n = record === undefined ? undefined : numberOf(record.data);
    if (record !== undefined && n === undefined) this.report.torn += 1;
    if (n === undefined || n < atLeast) this.report.lost += 1;
  }

  /** The surviving writer writes as well, so a refused write is tried again. */
  async #write(key: string): Promise<void> {
    const start = performance.now();
    for (;;) {
      const current = await this.#store.read(key);
      const n = current === undefined ? undefined : numberOf(current.data);
      if (current !== undefined && n !== undefined) {
        const { written } = await this.#store.update(key, this.#record(n + 1), current.version);
        if (written) break;
      }
      if (performance.now() - start < 2000) continue;
      this.report.stuck += 1;
      break;
    }
    this.report.slowest = Math.max(this.report.slowest, Math.round(performance.now() - start));
  }

  #record(n: number) {
    return { data: payload(n), version: hex(), expiresAt: Date.now() + 3_600_000 };
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
