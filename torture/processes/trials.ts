import type { Fleet } from "./fleet.js";

/** What a trial found; `broken` is empty when the guarantees held. */
export interface Finding {
  readonly trial: string;
  readonly figures: Readonly<Record<string, number>>;
  readonly broken: readonly string[];
}

/** The amounts: the issue asks for those of the long form; `npm test` has time for those of the short one. */
export interface Sizes {
  readonly updates: number;
  readonly saves: number;
  readonly races: number;
  readonly regenerations: number;
}

export const long: Sizes = { updates: 20_000, saves: 5_000, races: 5_000, regenerations: 1_000 };
export const short: Sizes = { updates: 1_600, saves: 400, races: 120, regenerations: 40 };

/** Called with the progress of a trial and its total. */
export type Progress = (trial: string, done: number, of: number) => void;

/** Concurrent writers in each process. */
const writers = 64;
/** Races that are run side by side. */
const batch = 20;

/** Every process increments the same few sessions. Exactly the acknowledged increments must be stored. */
export async function updates(fleet: Fleet, count: number, progress: Progress): Promise<Finding> {
  const ids = await fleet.create(4);
  const share = Math.ceil(count / fleet.size);
  let done = 0;
  const answers = await Promise.all(
    fleet.each((worker) =>
      worker.ask({ do: "update", ids, times: share, writers }, () => progress("updates", ++done * 100, count)),
    ),
  );
  const acknowledged = answers.reduce((sum, answer) => sum + answer.accepted, 0);
  const refused = answers.flatMap((answer) => answer.codes);
  const stored = (await fleet.read(ids, "n")).reduce((sum: number, n) => sum + Number(n ?? 0), 0);
  const broken = [];
  if (refused.length > 0) broken.push(`refused: ${tally(refused)}`);
  if (stored !== acknowledged) broken.push(`${acknowledged} acknowledged, ${stored} stored`);
  return { trial: "updates", figures: { acknowledged, stored, refused: refused.length }, broken };
}

/** Every process saves fields of its own into the same few sessions; each must be there. */
export async function saves(fleet: Fleet, count: number, progress: Progress): Promise<Finding> {
  const ids = await fleet.create(20);
  const share = Math.ceil(count / fleet.size);
  let done = 0;
  const answers = await Promise.all(
    fleet.each((worker) =>
      worker.ask({ do: "save", ids, times: share, writers }, () => progress("saves", ++done * 100, count)),
    ),
  );
  const refused = answers.flatMap((answer) => answer.codes);
  const kept = await fleet.countFields(ids, fleet.size, share);
  const acknowledged = answers.reduce((sum, answer) => sum + answer.accepted, 0);
  const broken = [];
  if (refused.length > 0) broken.push(`refused: ${tally(refused)}`);
  if (kept !== acknowledged) broken.push(`${acknowledged} acknowledged, ${kept} there`);
  return { trial: "disjoint saves", figures: { acknowledged, kept }, broken };
}

/**
 * Destroy, regenerate and save at once, each in its own process. A destroyed session is gone, whichever of them won.
 */
export async function races(fleet: Fleet, count: number, progress: Progress): Promise<Finding> {
  const figures = { destroyed: 0, regenerated: 0, saved: 0, alive: 0 };
  const broken: string[] = [];
  for (let done = 0; done < count; done += batch) {
    progress("races", done, count);
    const ids = await fleet.create(Math.min(batch, count - done));
    const [destroys, regenerates, saved] = await Promise.all([
      fleet.any().ask({ do: "destroy", ids }),
      fleet.any().ask({ do: "regenerate", ids, times: 1 }),
      fleet.any().ask({ do: "touch-up", ids }),
    ]);
    figures.destroyed += destroys.accepted;
    figures.regenerated += regenerates.accepted;
    figures.saved += saved.accepted;
    // The destroying process was told that the session is gone, so it must be, under the old id and every new one.
    const all = [...ids, ...regenerates.ids];
    const alive = await fleet.alive(all);
    figures.alive += alive.length;
    if (destroys.codes.length > 0) broken.push(`destroy refused: ${tally(destroys.codes)}`);
    if (destroys.accepted === ids.length && alive.length > 0) broken.push(`${alive.length} came back`);
  }
  return { trial: "destroy, regenerate, save", figures, broken };
}

/** Sixteen regenerations of one session at once, over all processes: one wins, the others are told so. */
export async function regenerations(fleet: Fleet, count: number, progress: Progress): Promise<Finding> {
  const figures = { sessions: count, won: 0, retired: 0, alive: 0 };
  const broken: string[] = [];
  const times = Math.ceil(16 / fleet.size);
  for (let done = 0; done < count; done += batch) {
    progress("regenerations", done, count);
    const ids = await fleet.create(Math.min(batch, count - done));
    const answers = await Promise.all(fleet.each((worker) => worker.ask({ do: "regenerate", ids, times })));
    const won = answers.reduce((sum, answer) => sum + answer.accepted, 0);
    const codes = answers.flatMap((answer) => answer.codes);
    const alive = await fleet.alive([...ids, ...answers.flatMap((answer) => answer.ids)]);
    figures.won += won;
    figures.retired += codes.filter((code) => code === "SESS_RETIRED").length;
    figures.alive += alive.length;
    if (won !== ids.length) broken.push(`${won} won of ${ids.length} sessions`);
    if (alive.length !== ids.length) broken.push(`${alive.length} alive of ${ids.length} sessions`);
    if (alive.some((id) => ids.includes(id))) broken.push("an old id is alive");
    const other = codes.filter((code) => code !== "SESS_RETIRED");
    if (other.length > 0) broken.push(`refused: ${tally(other)}`);
  }
  return { trial: `${times * fleet.size} regenerations each`, figures, broken };
}

/** All four, one after the other. */
export async function everything(fleet: Fleet, sizes: Sizes, progress: Progress): Promise<Finding[]> {
  return [
    await updates(fleet, sizes.updates, progress),
    await saves(fleet, sizes.saves, progress),
    await races(fleet, sizes.races, progress),
    await regenerations(fleet, sizes.regenerations, progress),
  ];
}

function tally(codes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].map(([code, count]) => `${count} ${code}`).join(", ");
}
