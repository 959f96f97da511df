export interface Quartiles {
  readonly lower: number;
  readonly median: number;
  readonly upper: number;
}

/** By linear interpolation between the two nearest (Hyndman and Fan's type 7). */
export function quartiles(values: readonly number[]): Quartiles {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (part: number) => {
    const place = (sorted.length - 1) * part;
    const [low, high] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
    return low + (high - low) * (place - Math.floor(place));
  };
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) };
}

/** Ratios within each round: a disturbance of one of two runs of a round affects the other about as much. */
export function ratios(ours: readonly number[], theirs: readonly number[]): Quartiles {
  return quartiles(ours.map((value, round) => value / (theirs[round] ?? Number.NaN)));
}
