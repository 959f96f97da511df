import type { Choices } from "./choices.js";
import type { OperationName } from "./operations.js";

/** What kind of run a seed is: fixed before its first step. */
export interface Profile {
  readonly processes: number;
  readonly clients: number;
  readonly requests: number;
  /** Whether clients have a session to begin with, and whether all have the same. */
  readonly begin: "nothing" | "sessions" | "one session";
  /** Operations of one request. */
  readonly operations: number;
  /** Idle and absolute lifetimes, seconds; 0 is no absolute end. */
  readonly idle: number;
  readonly absolute: number;
  /** How likely each call to the store is to meet a fault. */
  readonly faults: number;
  /** The probability that time passes by itself, and the most that passes at once, in ms. */
  readonly pace: number;
  readonly pauses: readonly [number, ...number[]];
  readonly crashes: boolean;
  readonly closes: boolean;
  /** How often a request presents an id that the client had before. */
  readonly oldIds: number;
  /** How often a handler goes on with its session when it has ended its response. */
  readonly late: number;
  readonly weights: Readonly<Record<OperationName, number>>;
}

const balanced: Readonly<Record<OperationName, number>> = {
  read: 1,
  set: 6,
  append: 4,
  update: 6,
  updateMeanwhile: 2,
  release: 3,
  regenerate: 3,
  destroy: 1,
  reload: 1,
  remove: 0.5,
  flush: 0.3,
};

const focuses: readonly [Partial<Record<OperationName, number>>, ...Partial<Record<OperationName, number>>[]] = [
  {},
  { regenerate: 14, destroy: 0, flush: 0 },
  { regenerate: 10, destroy: 5, flush: 0 },
  { update: 16, updateMeanwhile: 8, regenerate: 2, destroy: 0.3, flush: 0 },
  { update: 8, regenerate: 8, destroy: 0, flush: 0, set: 10 },
  { read: 24, regenerate: 1, destroy: 0, flush: 0 },
  { flush: 3, remove: 3, destroy: 0 },
];

const second = 1000;

export function randomProfile(choices: Choices): Profile {
  const short = [1, 20, 200, second] as const;
  const pace = choices.oneOf([0, 0.5, 0.5, 2]);
  const far = choices.chance(0.4);
  return {
    processes: choices.oneOf([2, 2, 1, 3]),
    clients: choices.oneOf([1, 1, 2]),
    begin: choices.oneOf(["sessions", "sessions", "one session", "one session", "one session", "nothing"]),
    requests: 2 + choices.below(9),
    operations: 1 + choices.below(5),
    idle: choices.oneOf([3600, 3600, 300, 40, 40]),
    absolute: choices.oneOf([0, 0, 400]),
    faults: choices.oneOf([0, 0.02, 0.1, 0.3]),
    pace,
    pauses: far ? [...short, 3 * second, 9 * second, 15 * second, 59 * second, 119 * second] : [...short, 3 * second],
    crashes: choices.chance(0.2),
    closes: choices.chance(0.1),
    oldIds: choices.oneOf([0.1, 0, 0.3, 0.6]),
    late: choices.oneOf([0, 0.2, 0.6]),
    weights: { ...balanced, ...choices.oneOf(focuses) },
  };
}

/** Two processes and one client. Time passes only through faults. For runs whose steps are all enumerated. */
export const smallScope: Profile = {
  processes: 2,
  clients: 1,
  requests: 0,
  begin: "one session",
  operations: 0,
  idle: 3600,
  absolute: 0,
  faults: 0,
  pace: 0,
  pauses: [1],
  crashes: false,
  closes: false,
  oldIds: 0,
  late: 0,
  weights: balanced,
};

/** Readers and writers of one short-lived session. Time passes while their calls are under way. */
export const shortLived: Profile = {
  ...smallScope,
  requests: 12,
  operations: 1,
  idle: 40,
  pace: 4,
  pauses: [1000, 3000, 4000],
  weights: { ...balanced, read: 12, update: 12, updateMeanwhile: 0, regenerate: 0, destroy: 0, flush: 0, remove: 0 },
};
