/** The n-th text of a key. The sizes differ, and a complete text can be recognised. */
export function payload(n: number): string {
  const size = (n * 7919) % 100_000;
  return `${n}:${String.fromCharCode(97 + (n % 26)).repeat(size)}`;
}

/** The number of a text; undefined if it is not exactly one of them. */
export function numberOf(data: string): number | undefined {
  const n = Number(data.slice(0, data.indexOf(":")));
  return data === payload(n) ? n : undefined;
}
