import { type Action, faultsOf, lateActions, untilNextTimer } from "./actions.js";
import type { Violation } from "./checks.js";
import { Choices } from "./choices.js";
import type { OperationName } from "./operations.js";
import { smallScope } from "./profile.js";
import { calmly, isViolation, type RunOptions, type RunResult, run, take } from "./run.js";
import { drain } from "./virtual-time.js";
import type { Client, LateOperation, World } from "./world.js";

/** A request of a small scope. */
export interface ScopedRequest {
  readonly process: 0 | 1;
  /** `old` is the id that the client had before its session was regenerated. */
  readonly id: "current" | "old";
  readonly operations: readonly [OperationName, ...OperationName[]];
  /** An operation that fails ends the handler unless this is true. */
  readonly lenient?: boolean;
  /** What it does when it has ended its response. */
  readonly late?: LateOperation;
}

/** A few requests, run in every order of their calls to the store, with a number of faults at every place. */
export interface Scope {
  readonly name: string;
  readonly requests: readonly [ScopedRequest, ...ScopedRequest[]];
  readonly faults: number;
}

export interface Enumerated {
  readonly runs: number;
  readonly executions: number;
  /** One run for each rule that was violated. */
  readonly violating: ReadonlyMap<string, RunResult>;
  /** Whether every run was made, and not only the first ones up to a limit. */
  readonly complete: boolean;
}

/** All runs of a scope, one after the other. The choices of each are those of the run before, incremented by one. */
export async function enumerate(scope: Scope, most: number, options: RunOptions = {}): Promise<Enumerated> {
  const violating = new Map<string, RunResult>();
  let executions = 0;
  let runs = 0;
  let next: number[] | undefined = [];
  while (next !== undefined && runs < most) {
    const result = await run(Choices.scripted(next), {
      ...options,
      profile: smallScope,
      drive: (world) => driveScope(world, scope),
    });
    runs++;
    executions += result.executions;
    for (const { rule } of result.violations) if (!violating.has(rule)) violating.set(rule, result);
    next = after(result.choices);
  }
  return { runs, executions, violating, complete: next === undefined };
}

/** The first violation that counts. */
export function firstViolation({ violating }: Enumerated): Violation | undefined {
  return [...violating.values()].flatMap(({ violations }) => violations).find(isViolation);
}

function after({ made, widths }: Choices): number[] | undefined {
  for (let at = made.length - 1; at >= 0; at--) {
    const choice = made[at] ?? 0;
    if (choice + 1 < (widths[at] ?? 0)) return [...made.slice(0, at), choice + 1];
  }
  return undefined;
}

export async function driveScope(world: World, scope: Scope): Promise<void> {
  const [client] = world.clients;
  const [first] = world.processes;
  if (client === undefined || first === undefined) return;
  if (scope.requests.some(({ id }) => id === "old")) {
    world.ask(client, first, client.id, { operations: ["regenerate"], end: "ok", strict: true });
    await calmly(world);
  }
  for (const request of scope.requests) begin(world, client, request);
  await untilAllAreLoaded(world, scope.requests.length);
  world.ungated = true;
  for (let actions = possible(world, scope); actions.length > 0; actions = possible(world, scope)) {
    const action = actions[world.choices.below(actions.length)];
    if (action !== undefined) await take(world, action);
  }
}

function begin(world: World, client: Client, request: ScopedRequest): void {
  const process = world.processes[request.process];
  const id = request.id === "old" ? client.ids[0] : client.id;
  const { operations, lenient, late } = request;
  if (process !== undefined) world.ask(client, process, id, { operations, end: "ok", strict: lenient !== true, late });
}

/** All requests have loaded their session before the first one uses it. */
async function untilAllAreLoaded(world: World, count: number): Promise<void> {
  while (world.running.filter(({ resume }) => resume !== undefined).length < count) {
    await drain();
    for (const message of world.network.messages) await take(world, whole(world, message.text, message));
  }
}

type Message = World["network"]["messages"][number];

/** A call together with its answer: nothing that another process could notice happens between them. */
function whole(_world: World, text: string, message: Message): Action {
  return {
    weight: 1,
    text,
    run: () => {
      message.execute(false);
      message.deliver();
    },
  };
}

function possible(world: World, scope: Scope): Action[] {
  for (const response of world.responses.splice(0)) response.arrive();
  const calls = world.network.messages.filter(({ settled }) => !settled);
  const handlers = world.running.flatMap(({ resume, service }) =>
    resume === undefined ? [] : [{ weight: 1, text: `${service.handle.name} goes on`, run: resume }],
  );
  const spoilt = world.faults < scope.faults ? calls.flatMap((message) => spoil(world, message)) : [];
  const { due, now } = world.time;
  // The simulation does not wait the ten seconds after which a call is given up: a failed call has the same effect,
  // sooner.
  const pause = due !== undefined && due - now < 1000 ? untilNextTimer(world) : [];
  return [
    ...calls.map((message) => whole(world, message.text, message)),
    ...handlers,
    ...pause,
    ...spoilt,
    ...lateActions(world).filter(({ text }) => text.endsWith("late")),
  ];
}

function spoil(world: World, message: Message): Action[] {
  const [never, late, twice] = faultsOf(world, message);
  const lost = fault(world, `${message.text}: the answer is lost`, () => {
    message.execute(false);
    message.fail();
  });
  const again = twice && { ...twice, run: () => Promise.resolve(twice.run()).then(() => message.deliver()) };
  return [lost, ...[never, late, again].filter((each) => each !== undefined)];
}

function fault(world: World, text: string, run: () => void): Action {
  return {
    weight: 1,
    text,
    run: () => {
      world.faults++;
      run();
    },
  };
}
