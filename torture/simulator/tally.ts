import { isViolation, type RunResult } from "./run.js";

/** Counts runs and shows the progress: a bar on a terminal, an occasional line elsewhere. */
export class Tally {
  readonly #count: number;
  readonly #rules = new Map<string, { count: number; readonly first: number; readonly text: string }>();
  readonly #begun = process.hrtime.bigint();
  #runs = 0;
  #steps = 0;
  #executions = 0;
  #said = 0;
  failed = false;

  constructor(count: number) {
    this.#count = count;
  }

  /** A line to print, when there is something to say. */
  add(seed: number, result: RunResult): string | undefined {
    this.#runs++;
    this.#steps += result.steps;
    this.#executions += result.executions;
    const fresh: string[] = [];
    for (const violation of result.violations) {
      if (isViolation(violation)) this.failed = true;
      const known = this.#rules.get(violation.rule);
      if (known !== undefined) known.count++;
      else {
        this.#rules.set(violation.rule, { count: 1, first: seed, text: violation.text });
        fresh.push(`seed ${seed}: ${violation.rule}: ${violation.text}`);
      }
    }
    this.#progress();
    return fresh.length === 0 ? undefined : fresh.join("\n");
  }

  summary(): string {
    const rules = [...this.#rules].map(
      ([rule, { count, first, text }]) => `${rule}: ${count} times, first with seed ${first}: ${text}`,
    );
    return [this.#state(), ...(rules.length === 0 ? ["nothing violated"] : rules)].join("\n");
  }

  #progress(): void {
    const now = this.#seconds();
    if (now - this.#said < (process.stdout.isTTY ? 0.2 : 10)) return;
    this.#said = now;
    if (!process.stdout.isTTY) process.stdout.write(`${this.#state()}\n`);
    else process.stdout.write(`\r\u001b[K${this.#bar()} ${this.#state()}\r`);
  }

  #bar(): string {
    if (!Number.isFinite(this.#count)) return "";
    const full = Math.round((this.#runs / this.#count) * 30);
    return `[${"#".repeat(full)}${".".repeat(30 - full)}]`;
  }

  #state(): string {
    const seconds = this.#seconds();
    const rate = Math.round(this.#runs / Math.max(seconds, 0.001));
    return `${this.#runs} seeds, ${this.#steps} steps, ${this.#executions} calls carried out, ${Math.round(seconds)} s, ${rate} seeds/s`;
  }

  #seconds(): number {
    return Number(process.hrtime.bigint() - this.#begun) / 1e9;
  }
}
