import { distance, failovers, kinds, longest, type Round, type Subject, timeout, violationsOf } from "./trial.js";

/** Runs the given number of failovers and prints the results; `mode` is the kind of replication. */
export async function tellOfFailovers(subject: Subject, mode: string, synchronous: boolean, count: number) {
  // Reported errors are counted; a process warning for each would hide the report.
  process.removeAllListeners("warning");
  process.on("warning", () => {});

  const order = Array.from({ length: Number(count) }, (_, at) => kinds[at % kinds.length] ?? "demoted");
  const rounds = await failovers(subject, order, synchronous, (round) => {
    if (process.stderr.isTTY) process.stderr.write(`${round.kind.padEnd(12)} ${Math.round(round.recovery)} ms\n`);
  });

  const sum = (of: (round: Round) => number) => rounds.reduce((total, round) => total + of(round), 0);
  console.log(`${rounds.length} failovers, ${mode} replication over ${distance} ms, timeout ${timeout} ms`);
  for (const kind of kinds) {
    const some = rounds.filter((round) => round.kind === kind);
    if (some.length === 0) continue;
    const list = (of: (round: Round) => number) => some.map((round) => Math.round(of(round))).join(", ");
    console.log(`${kind}, ${some.length} times`);
    console.log(`  acknowledged writes lost   ${list((round) => round.lost)}`);
    console.log(`  back after                 ${list((round) => round.recovery)} ms`);
    console.log(`  without service for        ${list((round) => round.outage)} ms`);
    console.log(`  increments of unknown fate ${list((round) => round.unknown)}`);
    console.log(`  loads that failed          ${list((round) => round.failedLoads)}`);
  }
  console.log(`acknowledged ${sum((round) => round.acknowledged)}, loads ${sum((round) => round.loads)}`);
  for (const what of ["lost", "doubled", "foreign", "stale", "hangs"] as const) {
    console.log(`${what.padEnd(8)} ${sum((round) => round[what])}`);
  }
  const slowest = Math.max(...rounds.flatMap((round) => [round.slowestLoad, round.slowestUpdate]));
  console.log(`slowest  ${Math.round(slowest)} ms of ${longest}`);
  const violations = violationsOf(rounds, synchronous);
  console.log(violations.length === 0 ? "all of it held" : `DID NOT HOLD:\n${violations.join("\n")}`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}
