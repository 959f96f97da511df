/**
 * Gives the opener 1,000,000 random and altered tokens, and core's parser 10,000,000 Cookie headers, whose values also
 * go to the opener. None may be accepted, and none may throw. `npx tsx --conditions=@sess/source torture/fuzz.ts [seed]
 * [share]` prints a seed; the same seed gives the same inputs, except for the random keys. A share of 0.01 is the short
 * form.
 */
import { cookieValues } from "../../core/src/http/cookies.js";
import { type Figures, fuzzHeaders, fuzzTokens } from "./run.js";

const seed = Number(process.argv[2] ?? Math.floor(Math.random() * 2 ** 31));
const share = Number(process.argv[3] ?? 1);
say(`seed ${seed}`);

const runs = [
  { what: "tokens", inputs: 1_000_000 * share, run: fuzzTokens },
  { what: "Cookie headers", inputs: 10_000_000 * share, run: fuzzHeaders.bind(undefined, cookieValues) },
];

for (const { what, inputs, run } of runs) {
  const begun = performance.now();
  const figures = await run(inputs, seed, (done) => {
    process.stderr.write(`\r${what}: ${done} of ${inputs}`);
  });
  process.stderr.write("\r\x1b[K");
  report(what, figures, (performance.now() - begun) / 1000);
}

function report(what: string, figures: Figures, seconds: number): void {
  const { inputs, accepted, crashes, slowest, values, findings } = figures;
  const found = values > 0 ? `, values found ${values}` : "";
  say(
    `${inputs} ${what}${found}: accepted ${accepted}, crashes ${crashes}, slowest ${slowest < 1 ? "under 100" : slowest.toFixed(0)} us, ${seconds.toFixed(0)} s`,
  );
  for (const finding of findings) say(finding);
  if (accepted + crashes > 0) process.exitCode = 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
