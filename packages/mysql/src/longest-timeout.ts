/** Longest `timeout` allowed, in milliseconds: core gives up on a provider after ten seconds. */
export const longestTimeout = 9000;
