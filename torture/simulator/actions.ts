import type { Message } from "./network.js";
import type { ProcessNode } from "./process-node.js";
import type { Client, World } from "./world.js";

/** Something that may happen next. */
export interface Action {
  readonly weight: number;
  readonly text: string;
  run(): void | Promise<void>;
}

/**
 * What the scheduler may choose from. Actions of a run without faults come first, the oldest of them before the others.
 */
export function randomActions(world: World): Action[] {
  const calm = calmActions(world);
  const { faults } = world.profile;
  const begin = starts(world);
  const wait = calm.length + begin.length === 0 ? untilNextTimer(world) : [];
  const rest = [...begin, ...wait, ...pauses(world), ...lateActions(world)];
  const troubled =
    faults === 0 ? [] : [...world.network.messages.flatMap((each) => faultsOf(world, each)), ...lost(world)];
  return [...calm, ...rest, ...troubled, ...accidents(world)];
}

/** Calls are executed, answers and responses arrive, handlers continue. */
export function calmActions(world: World): Action[] {
  const messages = world.network.messages.filter((message) => !message.settled);
  return [
    ...messages.map((message) => (message.answered ? answer(message) : execute(message))),
    ...world.running.flatMap(({ service, resume }) =>
      resume === undefined || service.handle.name === world.paused
        ? []
        : [{ weight: 10, text: `${service.handle.name} goes on`, run: resume }],
    ),
    ...world.responses.map((response) => ({
      weight: 10,
      text: response.text,
      run: () => {
        world.responses.splice(world.responses.indexOf(response), 1);
        response.arrive();
      },
    })),
  ];
}

function execute(message: Message): Action {
  return { weight: 10, text: message.text, run: () => void message.execute(false) };
}

function answer(message: Message): Action {
  return { weight: 10, text: `${message.text}: the answer arrives`, run: () => message.deliver() };
}

/** Calls that are executed a second time, or although their sender was told that they failed. */
export function lateActions(world: World): Action[] {
  return world.network.messages
    .filter((message) => message.left > 0 && (message.settled || message.answered))
    .flatMap((message) => {
      const again = { weight: 4, text: `${message.text}: late`, run: () => void message.execute(false) };
      if (message.settled) return [again];
      const replaced = { ...again, text: `${message.text}: again`, run: () => void message.execute(true) };
      return [again, replaced];
    });
}

/** What can go wrong with one call. */
export function faultsOf(world: World, message: Message): Action[] {
  const weight = 10 * world.profile.faults;
  const fault = (text: string, run: () => void): Action => ({
    weight: weight / 3,
    text: `${message.text}: ${text}`,
    run: () => {
      world.faults++;
      run();
    },
  });
  if (message.settled) return [];
  if (!message.answered) {
    return [
      fault("fails, never carried out", () => {
        message.left = 0;
        message.fail();
      }),
      fault("fails, still on its way", () => message.fail()),
      fault("is sent twice", () => {
        message.left = 2;
        message.execute(false);
      }),
    ];
  }
  return [fault("the answer is lost", () => message.fail())];
}

function lost(world: World): Action[] {
  return world.responses.map((response) => ({
    weight: 3 * world.profile.faults,
    text: `${response.text}: no, it is lost`,
    run: () => {
      world.faults++;
      world.responses.splice(world.responses.indexOf(response), 1);
    },
  }));
}

function starts(world: World): Action[] {
  if (world.requestsLeft === 0) return [];
  const open = world.processes.filter((process) => !process.closing);
  return world.clients
    .filter((client) => client.busy.size < 4 && open.length > 0)
    .map((client) => ({ weight: 6, text: "", run: () => start(world, client, open) }));
}

function start(world: World, client: Client, open: readonly ProcessNode[]): void {
  world.requestsLeft--;
  const process = open[world.choices.below(open.length)];
  const old = client.ids.length > 0 && world.choices.chance(world.profile.oldIds);
  const id = old ? client.ids[world.choices.below(client.ids.length)] : client.id;
  if (process !== undefined) world.ask(client, process, id);
}

function pauses(world: World): Action[] {
  const { pace } = world.profile;
  if (pace === 0 || world.pausesLeft === 0) return [];
  return [
    {
      weight: pace,
      text: "",
      run: async () => {
        world.pausesLeft--;
        const pause = world.choices.oneOf(world.profile.pauses);
        await pass(world, pause);
      },
    },
  ];
}

/** For the state in which everything waits for time to pass. */
export function untilNextTimer(world: World): Action[] {
  const { due, now } = world.time;
  return due === undefined ? [] : [{ weight: 10, text: "", run: () => pass(world, due - now) }];
}

export async function pass(world: World, ms: number): Promise<void> {
  world.log(`${Math.ceil(ms)} ms pass`);
  await world.time.passUntil(world.time.now + ms);
}

function accidents(world: World): Action[] {
  const { crashes, closes, faults } = world.profile;
  const found: Action[] = [];
  for (const process of world.processes) {
    if (crashes) found.push({ weight: 0.4, text: `${process.name} crashes`, run: () => crash(world, process) });
    if (process.cutOff || (faults > 0 && world.cutsLeft > 0)) found.push(cut(world, process));
    if (closes && !process.closing)
      found.push({ weight: 0.4, text: `${process.name} closes`, run: () => close(world, process) });
  }
  return found;
}

async function crash(world: World, process: ProcessNode): Promise<void> {
  world.faults++;
  world.crash(process);
  await world.startProcess();
}

function cut(world: World, process: ProcessNode): Action {
  const text = process.cutOff ? "is connected again" : "is cut off";
  return {
    weight: process.cutOff ? 4 : 10 * world.profile.faults * 0.2,
    text: `${process.name} ${text}`,
    run: () => {
      world.faults++;
      process.cutOff = !process.cutOff;
      if (process.cutOff) world.cutsLeft--;
      if (process.cutOff) for (const message of world.network.messages) if (message.sender === process) message.fail();
    },
  };
}

/** Requests under way in the process continue; later ones go to another process. */
async function close(world: World, process: ProcessNode): Promise<void> {
  void process.close();
  await world.startProcess();
}
