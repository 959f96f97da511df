import { pass } from "./actions.js";
import { calmly } from "./run.js";
import type { World } from "./world.js";

/**
 * A session is regenerated twice at once. A request loads it with its first id just before that id's marker expires,
 * and destroys it just after.
 */
export async function destroyAsMarkersExpire(world: World): Promise<void> {
  const [client] = world.clients;
  const [process] = world.processes;
  if (client === undefined || process === undefined) return;
  const first = client.id;
  for (let times = 0; times < 2; times++) {
    world.ask(client, process, client.id, { operations: ["regenerate"], end: "ok", strict: true });
    await calmly(world);
  }
  await pass(world, 119_000);
  const late = world.ask(client, process, first, { operations: ["destroy"], end: "ok", strict: true });
  world.paused = late.name;
  await calmly(world);
  await pass(world, 2_000);
  world.paused = undefined;
  await calmly(world);
}

/** A request that is still under way when its Manager has been closed. */
export async function reloadAfterClose(world: World): Promise<void> {
  const [client] = world.clients;
  const [process] = world.processes;
  if (client === undefined || process === undefined) return;
  const late = world.ask(client, process, client.id, { operations: ["reload"], end: "ok", strict: true });
  world.paused = late.name;
  await calmly(world);
  await process.close();
  world.paused = undefined;
  await calmly(world);
}
