import { subscribe } from "node:diagnostics_channel";
import { type Action, calmActions, lateActions, randomActions, untilNextTimer } from "./actions.js";
import type { Violation } from "./checks.js";
import { type Choices, generator } from "./choices.js";
import { type Profile, randomProfile } from "./profile.js";
import { drain, VirtualTime } from "./virtual-time.js";
import { type StoreFactory, World } from "./world.js";

export interface RunResult {
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  readonly choices: Choices;
  readonly steps: number;
  /** Calls that the store executed. */
  readonly executions: number;
  readonly requests: number;
}

export interface RunOptions {
  readonly makeStore?: StoreFactory | undefined;
  readonly profile?: Profile | undefined;
  /** Replaces the random scheduler; steps that it leaves are then done without faults. */
  readonly drive?: (world: World) => Promise<void>;
}

const mostSteps = 4000;

// Many runs provoke errors that become responses, so these cause no process warning.
let present: World | undefined;
subscribe("sess:error", () => {
  if (present !== undefined) present.reported++;
});

/** One run, start to end. Equal choices give equal runs. */
export async function run(choices: Choices, options: RunOptions = {}): Promise<RunResult> {
  const profile = options.profile ?? randomProfile(choices);
  const time = new VirtualTime(generator(1));
  const world = new World(profile, time, choices, options.makeStore);
  present = world;
  const unhandled = (error: unknown) => world.checks.violated("unhandled", `a rejection nobody handled: ${error}`);
  process.on("unhandledRejection", unhandled);
  time.install();
  let steps = 0;
  try {
    for (let index = 0; index < profile.processes; index++) await world.startProcess();
    await prepare(world);
    if (options.drive === undefined) steps = await randomly(world);
    else await options.drive(world);
    if (!hasFailed(world)) await heal(world);
    if (!hasFailed(world)) await closeAll(world);
  } finally {
    await bury(world);
    time.uninstall();
    process.off("unhandledRejection", unhandled);
  }
  const { trace, executions, checks } = world;
  return { violations: checks.violations, trace, choices, steps, executions, requests: profile.requests };
}

/** Neither a cost that the design documents, nor something untidy without a consequence. */
export function isViolation({ rule }: Violation): boolean {
  return !rule.startsWith("documented") && !rule.startsWith("minor");
}

function hasFailed(world: World): boolean {
  return world.checks.violations.some(isViolation);
}

export async function take(world: World, action: Action): Promise<void> {
  if (action.text !== "") world.log(action.text);
  await action.run();
  await drain();
  world.network.sweep();
}

/** Gives the clients their first sessions, without faults. */
async function prepare(world: World): Promise<void> {
  const { begin } = world.profile;
  const [first] = world.processes;
  if (begin === "nothing" || first === undefined) return;
  for (const client of world.clients) {
    const [owner] = world.clients;
    if (client !== owner && begin === "one session") {
      client.id = owner?.id;
      client.ids.push(...(owner?.ids ?? []));
      continue;
    }
    world.ask(client, first, undefined, { operations: ["append", "set"], end: "ok", strict: true });
    await calmly(world);
  }
}

/** Finishes everything that is under way, in order. */
export async function calmly(world: World): Promise<void> {
  await drain();
  for (let [action] = calmActions(world); action !== undefined; [action] = calmActions(world))
    await take(world, action);
}

async function randomly(world: World): Promise<number> {
  for (let step = 0; step < mostSteps; step++) {
    if (hasFailed(world)) return step;
    const actions = randomActions(world);
    const busy = world.running.length > 0 || world.requestsLeft > 0 || world.responses.length > 0;
    if (!busy && world.network.messages.length === 0) return step;
    const action = actions[world.choices.weighted(actions.map(({ weight }) => weight))];
    if (action === undefined) world.checks.violated("hang", "something is under way and nothing can happen");
    else await take(world, action);
  }
  return mostSteps;
}

/** The network recovers, and every operation must settle within its time. */
async function heal(world: World): Promise<void> {
  world.log("the network heals");
  for (const process of world.processes) process.cutOff = false;
  const begun = world.time.now;
  for (let step = 0; !hasFailed(world); step++) {
    const action = [...calmActions(world), ...untilNextTimer(world)][0];
    if (action !== undefined) await take(world, action);
    else if (world.running.length === 0) break;
    else world.checks.violated("hang", "a request waits for nothing");
    const took = world.time.now - begun;
    if (world.running.length > 0 && took > 25_000)
      world.checks.violated("hang", `after ${took} ms a request has not ended`);
    if (step > mostSteps) world.checks.violated("hang", "it goes on forever");
  }
  const late = lateActions(world);
  if (late.length > 0 && world.choices.chance(0.5)) {
    for (const action of late) if (action.text.endsWith("late")) await take(world, action);
  }
  if (!hasFailed(world)) finalChecks(world);
}

function finalChecks(world: World): void {
  const { checks, ledger, store, clients } = world;
  checks.settled();
  if (world.reported === 0) checks.lateAreIn();
  for (const { id, name } of clients) {
    if (id === undefined) continue;
    const key = world.keyOf(id);
    const record = store.records.get(key);
    if (record === undefined) checks.violated("G8", `nothing is stored under the id of client ${name}`);
    else if (record.retired !== undefined && !ledger.endedOnPurpose(key) && !ledger.regeneratedOnPurpose(key)) {
      checks.violated("G8", `the id of client ${name} is no longer good, and nobody ended it`);
    }
  }
  // Without faults there are no orphans: a response told the id of every live session.
  if (world.faults > 0 || world.time.elapsed >= 5_000) return;
  for (const key of store.records.keys()) {
    if (checks.liveSession(key) && !ledger.told.has(key)) {
      checks.violated("G4", `${ledger.name(key)} lives and nobody has its id`);
    }
  }
}

/** Finishes what an aborted run leaves under way, so that it does not disturb the next run. */
async function bury(world: World): Promise<void> {
  for (const process of [...world.processes]) world.crash(process);
  world.network.sweep();
  await drain();
  for (let due = world.time.due; due !== undefined; due = world.time.due) await world.time.passUntil(due);
}

async function closeAll(world: World): Promise<void> {
  for (const process of world.processes) {
    void process.close();
    await drain();
    if (!process.closed) world.checks.violated("close", `${process.name} does not close though nothing is under way`);
  }
  if (world.time.pending > 0) world.checks.violated("close", "a timer is left");
}
