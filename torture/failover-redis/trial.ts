import { createManager } from "@sess/core";
import { redis } from "@sess/redis/provider";
import { type Six, startSix } from "./cluster.js";
import type { Deployment } from "./deployment.js";
import { type Kind, kinds, Ledger } from "./ledger.js";
import { Load } from "./load.js";
import { moveAround, type Redirections, redirections } from "./reshard.js";
import { startSentinel } from "./sentinel.js";

export const forms = ["sentinel", "cluster", "reshard"] as const;
export type Form = (typeof forms)[number];

export interface Result {
  readonly form: Form;
  readonly rounds: number;
  readonly wait: number | undefined;
  readonly ledger: Ledger;
  /** Milliseconds from each kill until another server was master. */
  readonly elections: readonly number[];
  /** Milliseconds from each kill until the first acknowledgement of a write that began after it. */
  readonly recoveries: readonly number[];
  readonly redirections: Redirections | undefined;
}

export interface Options {
  readonly rounds: number;
  /** The provider's option. */
  readonly wait?: number | undefined;
  /** Called after each round. */
  readonly progress?: (round: number) => void;
}

/** What the provider's option `wait` applies to. */
const waited: readonly Kind[] = ["create", "destroy", "regenerate"];
/** Milliseconds of load before and after what is done to the servers. */
const calm = 500;
/** Before every second kill the replica is cut off for so long, in milliseconds. */
export const cut = 50;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs one failover after the other, or moves slots, on private servers under the load of one Manager. */
export async function trial(form: Form, { rounds, wait, progress = () => {} }: Options): Promise<Result> {
  const deployment = form === "sentinel" ? await startSentinel() : await startSix();
  const client = deployment.connect();
  client.on("error", () => {});
  const manager = await createManager(redis({ client, wait }), { namespace: form });
  const result = { ledger: new Ledger(), elections: [] as number[], recoveries: [] as number[] };
  try {
    for (let round = 0; round < rounds; round++) {
      const load = new Load(manager, result.ledger, `round ${round}, visitor`);
      await load.start(deployment);
      await pause(calm);
      if (form === "reshard") await reshard(deployment as Six, load);
      else await failOver(deployment, load, round % 2 === 0 ? cut : 0, result);
      await pause(calm);
      await load.stop();
      await load.verify();
      progress(round + 1);
    }
    const sent = form === "reshard" ? await redirections(deployment as Six) : undefined;
    return { form, rounds, wait, ...result, redirections: sent };
  } finally {
    await manager.close();
    client.disconnect();
    await deployment.stop();
  }
}

async function failOver(
  deployment: Deployment,
  load: Load,
  cutFor: number,
  { elections, recoveries }: { readonly elections: number[]; readonly recoveries: number[] },
): Promise<void> {
  const takeover = await deployment.failOver(cutFor);
  const recovered = await load.recovered(takeover);
  elections.push(takeover.elected - takeover.killed);
  recoveries.push(recovered - takeover.killed);
  await deployment.heal();
}

async function reshard(six: Six, load: Load): Promise<void> {
  const moved = await moveAround(six, load.slots);
  await pause(calm);
  await moved.back();
}

/**
 * What must not happen. If slots only move, no acknowledged write may be lost. A failover may lose the last ones, but
 * with `wait` no sign-in, logout or regeneration.
 */
export function violationsOf({ form, rounds, wait, ledger, elections, recoveries, redirections }: Result): string[] {
  const { hangs, wrongUser, doubled } = ledger;
  const never = { hangs, "wrong-user reads": wrongUser, "double applications": doubled };
  const kept = form === "reshard" ? kinds : kinds.filter((kind) => wait !== undefined && waited.includes(kind));
  const lost = Object.fromEntries(kept.map((kind) => [`lost: ${kind}`, ledger.of[kind].lost]));
  const found = Object.entries({ ...never, ...lost }).filter(([, count]) => count !== 0);
  const broken = found.map(([what, count]) => `${what}: ${count}`);
  // The median of one or two is meaningless: a sentinel may learn of the new master two seconds late.
  if (rounds > 2 && median(recoveries) > 2 * median(elections))
    broken.push("recovery took more than twice as long as the election");
  if (redirections !== undefined && redirections.moved * redirections.ask === 0) broken.push("nobody was redirected");
  return broken;
}

/** 0 of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [below = 0, above = 0] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1);
  return (below + above) / 2;
}
