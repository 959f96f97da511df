import { section, shown, verdict } from "../markdown.js";
import { quartiles, ratios } from "../statistics.js";
import type { HotAndSpread, Point, Tally } from "./measure.js";

/** The share of its rate over many sessions that one process must keep when all requests are for one session. */
const goal = 0.7;

/** Everything as Markdown. */
export function report(single: readonly HotAndSpread[], points: readonly Point[], tallies: readonly Tally[]): string {
  const singles = single.map(({ name, kind, hot, spread }) => {
    const ratio = ratios(hot, spread);
    return [name, kind, rate(spread), rate(hot), shown(ratio), verdict(ratio, goal)];
  });
  const together = points.map(({ name, kind, processes, perSecond }) => {
    const one = points.find((each) => each.name === name && each.kind === kind && each.processes === 1);
    const ratio = ratios(perSecond, one?.perSecond ?? []);
    return [name, kind, String(processes), rate(perSecond), ratio.median.toFixed(2)];
  });
  const kept = tallies.map(({ name, processes, statuses, counter }) => {
    const { 200: acknowledged = 0, ...others } = statuses;
    const failed = Object.entries(others).map(([status, count]) => `${count} of ${status}`);
    const sent = Object.values(statuses).reduce((sum, count) => sum + count, 0);
    // A failed write may have been stored nevertheless, as its error says.
    const exact = counter >= acknowledged && counter <= sent;
    const lost = exact ? "none lost" : `**${acknowledged - counter} lost**`;
    return [name, String(processes), String(acknowledged), failed.join(", "), String(counter), lost];
  });
  return [
    section(
      "One process, 32 connections, requests per second",
      ["provider", "kind", "over 200 sessions", "on one", "ratio of a round (quartiles)", "goal"],
      singles,
    ),
    section(
      "Processes on one session, 32 connections in all, requests per second",
      ["provider", "kind", "processes", "together", "of one process"],
      together,
    ),
    section(
      "A fixed number of increments by `update`, and the counter afterwards",
      ["provider", "processes", "acknowledged", "failed", "counter", ""],
      kept,
    ),
  ]
    .filter(Boolean)
    .join("\n");
}

function rate(perSecond: readonly number[]): string {
  const { lower, median, upper } = quartiles(perSecond);
  const [low, middle, high] = [lower, median, upper].map((value) => Math.round(value).toLocaleString("en"));
  return `${middle} (${low} to ${high})`;
}
