/** A bar on a terminal; elsewhere a line every minute. */
export class Progress {
  readonly #steps: number;
  readonly #begun = performance.now();
  #done = 0;
  #said = 0;

  constructor(steps: number) {
    this.#steps = steps;
  }

  step(what: string): void {
    this.#done++;
    const part = this.#done / this.#steps;
    const elapsed = (performance.now() - this.#begun) / 1000;
    const left = Math.round((elapsed / part) * (1 - part));
    const bar = "#".repeat(Math.round(part * 30)).padEnd(30);
    const line = `[${bar}] ${Math.round(part * 100)} %, ${left} s left: ${what}`;
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
    else if (elapsed - this.#said >= 60) {
      this.#said = elapsed;
      process.stderr.write(`${line}\n`);
    }
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  }
}
