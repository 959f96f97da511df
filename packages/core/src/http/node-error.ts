/** An error as Node throws it: with a code, which is what its callers test. */
export function nodeError(Kind: ErrorConstructor, code: string, message: string): Error {
  return Object.assign(new Kind(message), { code });
}
