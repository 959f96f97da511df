import type { TokenProvider } from "@sess/core";
import { cookie } from "../src/provider.js";
import { altered, header } from "./headers.js";
import { mutated } from "./mutate.js";
import { Random } from "./random.js";

/** The outcomes of the inputs. */
export interface Figures {
  readonly inputs: number;
  /** Opened although we never sealed it. */
  accepted: number;
  /** Threw, or broke what the parser promises of its results. */
  crashes: number;
  /**
   * Microseconds of the slowest input, best of five runs: an input that was slow only once was slowed by the machine.
   */
  slowest: number;
  /** How many values the parser found. */
  values: number;
  /** The first that were accepted or that crashed. */
  readonly findings: string[];
}

/** Reads the values of a name out of a Cookie header: core's. */
export type Parser = (header: string, name: string) => readonly string[];

export const name = "gosessionid";

/** In microseconds. Inputs that took longer, after the first tenth as warm-up, are timed again at the end. */
const suspicious = 100;

/** Two keys, and tokens of both. */
export async function bench(): Promise<{ readonly provider: TokenProvider; readonly tokens: readonly string[] }> {
  const [one, two] = [crypto.getRandomValues(new Uint8Array(32)), crypto.getRandomValues(new Uint8Array(32))];
  const context = { contract: 1, cookieName: name, namespace: name, now: Date.now } as const;
  const provider = await cookie({ keys: [one, two] }).connect(context);
  const older = await cookie({ keys: [two] }).connect(context);
  const tokens = Array.from({ length: 64 }, (_, index) => {
    const record = { data: "d".repeat(index * 3), version: "v".repeat(43), expiresAt: Date.now() + 86_400_000 };
    return (index % 2 === 0 ? provider : older).seal(record);
  });
  return { provider, tokens };
}

/** Opens a number of random and altered tokens. */
export async function fuzzTokens(inputs: number, seed: number, progress: (done: number) => void): Promise<Figures> {
  const [{ provider, tokens }, random] = [await bench(), new Random(seed)];
  const sealed = new Set(tokens);
  const [figures, suspects] = [none(inputs), [] as (() => unknown)[]];
  for (let done = 0; done < inputs; ) {
    const token = mutated(tokens, random);
    if (sealed.has(token)) continue;
    measure(figures, suspects, done, token, () => provider.open(token) === undefined);
    done += 1;
    if (done % 20_000 === 0) progress(done);
  }
  return timeAgain(figures, suspects);
}

/** Parses a number of Cookie headers, and opens the values found in them. */
export async function fuzzHeaders(
  parse: Parser,
  inputs: number,
  seed: number,
  progress: (done: number) => void,
): Promise<Figures> {
  const [{ provider, tokens }, random] = [await bench(), new Random(seed)];
  const sealed = new Set(tokens);
  const [figures, suspects] = [none(inputs), [] as (() => unknown)[]];
  let pool: readonly string[] = [];
  for (let done = 0; done < inputs; ) {
    if (done % 1_000_000 === 0) pool = altered(tokens, random, 5_000);
    const text = header(name, pool, random);
    let values: readonly string[] = [];
    measure(figures, suspects, done, text, () => {
      values = parse(text, name);
      return true;
    });
    figures.values += values.length;
    check(figures, text, values, sealed, provider);
    done += 1;
    if (done % 200_000 === 0) progress(done);
  }
  return timeAgain(figures, suspects);
}

function none(inputs: number): Figures {
  return { inputs, accepted: 0, crashes: 0, slowest: 0, values: 0, findings: [] };
}

/** `act` returns whether everything is right. */
function measure(figures: Figures, suspects: (() => unknown)[], done: number, input: string, act: () => boolean): void {
  const begun = performance.now();
  try {
    if (!act()) {
      figures.accepted += 1;
      note(figures, "accepted", input);
    }
  } catch (error) {
    figures.crashes += 1;
    note(figures, String(error), input);
  }
  const slow = (performance.now() - begun) * 1000 > suspicious && done > figures.inputs / 10;
  if (slow && suspects.length < 20_000) suspects.push(act);
}

function timeAgain(figures: Figures, suspects: readonly (() => unknown)[]): Figures {
  for (const act of suspects) figures.slowest = Math.max(figures.slowest, bestOfFive(act));
  return figures;
}

function bestOfFive(act: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    const begun = performance.now();
    act();
    best = Math.min(best, (performance.now() - begun) * 1000);
  }
  return best;
}

function check(
  figures: Figures,
  text: string,
  values: readonly string[],
  sealed: ReadonlySet<string>,
  provider: TokenProvider,
): void {
  if (values.length > 8 || values.some((value) => !text.includes(value))) {
    figures.crashes += 1;
    note(figures, "found what is not there", text);
  }
  for (const value of values) {
    if (sealed.has(value) || provider.open(value) === undefined) continue;
    figures.accepted += 1;
    note(figures, "accepted", value);
  }
}

function note(figures: Figures, what: string, input: string): void {
  if (figures.findings.length < 5) figures.findings.push(`${what}: ${JSON.stringify(input.slice(0, 500))}`);
}
