/** A small generator with a long enough period (mulberry32). Equal seeds give equal numbers on every machine. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * All random choices of a run, as one list of small numbers: the list determines the run. Callers put the harmless
 * choice first. So a list with more zeros is a simpler run, and the empty list is the simplest.
 */
export class Choices {
  readonly made: number[] = [];
  /** The number of alternatives of each choice. */
  readonly widths: number[] = [];
  readonly #next: (weights: readonly number[]) => number;

  private constructor(next: (weights: readonly number[]) => number) {
    this.#next = next;
  }

  static seeded(seed: number): Choices {
    const random = generator(seed);
    return new Choices((weights) => {
      let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
      for (const [index, weight] of weights.entries()) {
        left -= weight;
        if (left < 0) return index;
      }
      return 0;
    });
  }

  /** A list made earlier, or part of one; 0 past its end. */
  static scripted(script: readonly number[]): Choices {
    let at = 0;
    return new Choices((weights) => (script[at++] ?? 0) % weights.length);
  }

  weighted(weights: readonly number[]): number {
    const index = weights.length === 1 ? 0 : this.#next(weights);
    if (weights.length > 1) {
      this.made.push(index);
      this.widths.push(weights.length);
    }
    return index;
  }

  below(count: number): number {
    return this.weighted(Array.from({ length: count }, () => 1));
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return probability > 0 && this.weighted([1 - probability, probability]) === 1;
  }

  oneOf<T>(items: readonly [T, ...T[]]): T {
    return items[this.below(items.length)] ?? items[0];
  }
}
