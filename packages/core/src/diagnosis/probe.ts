import { hash } from "node:crypto";
import type { StoreContext } from "../backend/context.js";
import { Deadline } from "../backend/deadline.js";
import type { ReliableProvider } from "../backend/reliable-provider.js";
import { lineOf } from "../causes.js";
import { isSessionError } from "../errors.js";
import { randomToken } from "../ids.js";
import type { Finding } from "../provider.js";
import { markerAfter } from "../record/next-record.js";
import type { StoredSession } from "../record/stored-session.js";

/** How many reads are timed. */
const rounds = 9;
/** A median above this is noticed in every page, ms. */
const slow = 20;

/** Tries every operation on a marker, which is no session and is not counted, and times the reads. */
export async function probe(provider: ReliableProvider, context: StoreContext): Promise<Finding[]> {
  const key = hash("sha256", randomToken(32), "hex");
  try {
    const tried = await tryAll(provider, key, context);
    return [...tried, await timed(() => provider.readToEnd(key, new Deadline(context)))];
  } catch (error) {
    return [{ subject: "permissions", state: "problem", text: lineOf(error) }];
  }
}

async function tryAll(provider: ReliableProvider, key: string, context: StoreContext): Promise<Finding[]> {
  const nobody = { owner: undefined, recentWrites: [] };
  const marker = (): StoredSession => markerAfter(context, nobody, "");
  const [first, second] = [marker(), marker()];
  await provider.create(key, first, new Deadline(context));
  await provider.update(key, second, first, new Deadline(context));
  // A marker is not prolonged: the answer is no, and that it came is what was to be found out.
  await provider.touch(key, second, context.now() + 1000, new Deadline(context));
  const findings: Finding[] = [
    { subject: "permissions", state: "fine", text: "a record was created, replaced, touched and read" },
  ];
  try {
    for await (const _ of provider.keysOf(hash("sha256", randomToken(32), "hex"))) break;
  } catch (error) {
    if (!isSessionError(error) || error.code !== "SESS_UNSUPPORTED") throw error;
    const text = "the provider has no index of owners: no listOwned, no destroyOwned";
    findings.push({ subject: "owners", state: "warning", text });
  }
  return findings;
}

async function timed(read: () => Promise<unknown>): Promise<Finding> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await read();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const [median = 0, slowest = 0] = [times[(rounds - 1) / 2], times[rounds - 1]];
  const text = `${median.toFixed(1)} ms median, ${slowest.toFixed(1)} ms slowest of ${rounds} reads`;
  return { subject: "round trip", state: median > slow ? "warning" : "fine", text };
}
