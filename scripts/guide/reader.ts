import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Step } from "./guide.js";

/** The number of cases of the kit for each outcome. */
export interface Cases {
  readonly passed: number;
  /** Failed, skipped or not run. */
  readonly others: number;
}

/** Somebody with an empty folder and a terminal who does what the guide says, and nothing else. */
export class Reader {
  readonly #env: NodeJS.ProcessEnv;
  readonly #notes: string;
  #folder: string;
  #printed = "";
  #cases: Cases = { passed: 0, others: 0 };

  /** `notes` is a file of ours, out of the way. */
  constructor(folder: string, notes: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.#notes = notes;
    this.#env = { ...env, NOTES: notes };
  }

  get folder(): string {
    return this.#folder;
  }

  /** What the kit's table said last. */
  get cases(): Cases {
    return this.#cases;
  }

  async follow(step: Step): Promise<void> {
    if (step.kind === "file") await this.#write(join(this.#folder, step.path), step.text);
    else if (step.kind === "command") await this.command(step.line);
    else if (!this.#printed.includes(step.text)) {
      throw new Error(`the guide says that this is printed:\n${step.text}\nbut this was:\n${this.#printed}`);
    }
  }

  /** Types a line into the shell; if it fails, rejects with everything that it printed. */
  async command(line: string): Promise<void> {
    const script = `${line}\npwd -P > "$NOTES"`;
    const options = { cwd: this.#folder, env: this.#env, maxBuffer: 1 << 26, timeout: 300_000 };
    const { stdout } = await promisify(execFile)("sh", ["-ec", script], options).catch((error) => {
      throw new Error(`${line}\n${error.stdout}\n${error.stderr}`);
    });
    this.#printed = stdout;
    this.#folder = (await readFile(this.#notes, "utf8")).trim();
    // Runners put their own sign in front: "ℹ G1 7 0 0 0 no update is lost".
    const rows = [...stdout.matchAll(/^\S+ [GC]\d +(\d+) +(\d+) +(\d+) +(\d+) {2}\S/gm)];
    if (rows.length === 0) return;
    const column = (at: number) => rows.reduce((sum, row) => sum + Number(row[at]), 0);
    this.#cases = { passed: column(1), others: column(2) + column(3) + column(4) };
  }

  async #write(path: string, text: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}
