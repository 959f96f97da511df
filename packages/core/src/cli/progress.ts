import { subscribe, unsubscribe } from "node:diagnostics_channel";

/** The part of a terminal that this needs. */
export interface Terminal {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Below this, nothing is shown: most calls take less. */
const quiet = 400;
const step = 100;
const width = 20;

/**
 * Shows on a terminal that work goes on, and how many sessions have ended: a bar that runs to and fro, since nobody
 * knows how many there are before they have been counted. Shows nothing elsewhere.
 */
export async function withProgress<T>(what: string, terminal: Terminal, work: () => Promise<T>): Promise<T> {
  if (terminal.isTTY !== true) return work();
  const began = performance.now();
  let ended = 0;
  const count = () => {
    ended++;
  };
  let shown = 0;
  const show = () => {
    const elapsed = performance.now() - began;
    if (elapsed < quiet) return;
    const number = ended === 0 ? "" : `, ${ended} ended`;
    const text = `${barAt(shown++)} ${what} ${(elapsed / 1000).toFixed(1)} s${number}`;
    terminal.write(`\r\u001b[2K${text.slice(0, (terminal.columns ?? 80) - 1)}`);
  };
  subscribe("sess:destroyed", count);
  const timer = setInterval(show, step);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    unsubscribe("sess:destroyed", count);
    if (shown > 0) terminal.write("\r\u001b[2K");
  }
}

function barAt(turn: number): string {
  const last = width - 3;
  const at = last - Math.abs(last - (turn % (2 * last)));
  return `[${" ".repeat(at)}===${" ".repeat(last - at)}]`;
}
