import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { createManager, isSessionError, type SessionData, type SessionStore, type StoreManager } from "@sess/core";
import type { Answer, FromWorker, Setup, Task, ToWorker } from "./messages.js";

type Session = SessionStore<SessionData>;

let manager: StoreManager<SessionData>;
let self = 0;

async function open({ provider, config, worker, client }: Setup): Promise<void> {
  self = worker;
  if (client !== undefined) {
    const { kindOf } = await import("../../packages/redis/test/kinds.js");
    const { redis } = await import("@sess/redis/provider");
    manager = await createManager(redis({ client: (await kindOf(client.kind).open(client.address)).client }));
    return;
  }
  await import(`@sess/${provider}`);
  // The seed's form accepts any name; its missing types are not needed here.
  manager = await createManager(provider, JSON.stringify({ providerConfig: config }));
}

/** The session of a request that comes with this id. */
function visit(id?: string): Promise<Session> {
  const req = new IncomingMessage(new Socket());
  if (id !== undefined) req.headers.cookie = `sessionid=${id}`;
  return manager.start(req, new ServerResponse(req));
}

class Result {
  accepted = 0;
  readonly codes: string[] = [];
  readonly ids: string[] = [];
  readonly values: unknown[] = [];

  /** Counts the outcome of an action. */
  async note(action: Promise<unknown>): Promise<boolean> {
    try {
      await action;
      this.accepted++;
      return true;
    } catch (error) {
      this.codes.push(isSessionError(error) ? error.code : String(error));
      return false;
    }
  }
}

/** Runs a number of them at once, until all are done. */
async function crowd(times: number, writers: number, one: (index: number) => Promise<void>, tick: () => void) {
  let next = 0;
  let done = 0;
  const writer = async () => {
    while (next < times) {
      await one(next++);
      if (++done % 100 === 0) tick();
    }
  };
  await Promise.all(Array.from({ length: writers }, writer));
}

const idOf = (ids: readonly string[], index: number) => ids[index % ids.length] ?? "";
const fieldOf = (worker: number, index: number) => `${worker} ${index}`;

async function create(count: number, result: Result): Promise<void> {
  await crowd(
    count,
    16,
    async (index) => {
      const session = await visit();
      session.set("made", index);
      await session.release();
      result.ids.push(session.id);
    },
    () => {},
  );
}

async function write(task: Extract<Task, { writers: number }>, result: Result, tick: () => void): Promise<void> {
  await crowd(
    task.times,
    task.writers,
    async (index) => {
      const session = await visit(idOf(task.ids, index));
      if (task.do === "update") await result.note(session.update("n", (n) => Number(n ?? 0) + 1));
      else {
        session.set(fieldOf(self, index), index);
        await result.note(session.release());
      }
    },
    tick,
  );
}

async function regenerate(task: Extract<Task, { do: "regenerate" }>, result: Result): Promise<void> {
  const all = task.ids.flatMap((id) => Array.from({ length: task.times }, () => id));
  const sessions = await Promise.all(all.map(visit));
  await Promise.all(
    sessions.map(async (session, index) => {
      // It was already retired when it was loaded: regenerating would begin another session, which is not tested here.
      if (!session.has("made")) result.codes.push("SESS_RETIRED");
      else if (await result.note(session.regenerate())) result.ids.push(session.id);
      else if (session.id !== all[index]) result.ids.push(session.id);
    }),
  );
}

async function perform(task: Task, result: Result, tick: () => void): Promise<void> {
  switch (task.do) {
    case "create":
      return create(task.count, result);
    case "update":
    case "save":
      return write(task, result, tick);
    case "regenerate":
      return regenerate(task, result);
    case "destroy":
      await Promise.all(task.ids.map(async (id) => result.note((await visit(id)).destroy())));
      return;
    case "touch-up":
      await Promise.all(
        task.ids.map(async (id) => {
          const session = await visit(id);
          if (!session.has("made")) return;
          session.set("late", 1);
          await result.note(session.release());
        }),
      );
      return;
    case "alive":
      for (const id of task.ids) if (await manager.exists(id)) result.ids.push(id);
      return;
    case "read":
      for (const id of task.ids) result.values.push((await manager.load(id))?.get(task.field));
      return;
    case "fields":
      return countFields(task, result);
  }
}

async function countFields(task: Extract<Task, { do: "fields" }>, result: Result): Promise<void> {
  const sessions = await Promise.all(task.ids.map((id) => manager.load(id)));
  for (let worker = 0; worker < task.workers; worker++) {
    for (let index = 0; index < task.times; index++) {
      if (sessions[index % sessions.length]?.get(fieldOf(worker, index)) === index) result.accepted++;
    }
  }
}

const say = (message: FromWorker) => process.send?.(message);

async function hear(message: ToWorker): Promise<void> {
  if ("setup" in message) {
    await open(message.setup);
    say({ ready: true });
  } else if ("task" in message) {
    const { number, task } = message;
    const result = new Result();
    await perform(task, result, () => say({ number, tick: true }));
    const { accepted, codes, ids, values } = result;
    const answer: Answer = { accepted, codes, ids, values };
    say({ number, answer });
  } else {
    await manager.close();
    process.exit(0);
  }
}

process.on("message", (message: ToWorker) => void hear(message));
// The parent has ended, for whatever reason.
process.on("disconnect", () => process.exit(1));
