import { sessionKey } from "../../packages/core/src/ids.js";
import type { SessionRecord } from "../../packages/core/src/index.js";
import { decodeEnvelope } from "../../packages/core/src/record/envelope.js";
import { exchange, idSet, type Seen } from "./captured-response.js";
import { Checks } from "./checks.js";
import type { Choices } from "./choices.js";
import { type Handle, Ledger } from "./ledger.js";
import { Network, type Sender } from "./network.js";
import { type OperationName, operations } from "./operations.js";
import { ProcessNode } from "./process-node.js";
import type { Profile } from "./profile.js";
import { Reasons } from "./reasons.js";
import { ReferenceStore } from "./reference-store.js";
import { Service } from "./service.js";
import type { End, Session, Surroundings } from "./surroundings.js";
import type { VirtualTime } from "./virtual-time.js";

/** A browser: one cookie, and the ids it had before. */
export interface Client {
  readonly name: string;
  id: string | undefined;
  readonly ids: string[];
  readonly busy: Set<number>;
}

/** What a request does: chosen at random step by step, or fixed beforehand. */
export interface Script {
  readonly operations: readonly OperationName[];
  readonly end: End;
  /** Whether an operation that fails ends the handler. */
  readonly strict: boolean;
  /** What it does after it has ended its response. */
  readonly late?: LateOperation | undefined;
}

export type LateOperation = "set" | "destroy";

/** A request that is under way, as the scheduler sees it. */
export interface Running {
  readonly service: Service;
  /** Set while the handler waits for its turn. */
  resume: (() => void) | undefined;
}

export type StoreFactory = (now: () => number) => ReferenceStore;

/**
 * Several processes, one store, a network between them, and clients: everything in a run except the order of its steps.
 */
export class World implements Surroundings {
  readonly profile: Profile;
  readonly time: VirtualTime;
  readonly choices: Choices;
  readonly ledger = new Ledger();
  readonly store: ReferenceStore;
  readonly checks: Checks;
  readonly reasons: Reasons;
  readonly network: Network;
  readonly processes: ProcessNode[] = [];
  readonly clients: Client[] = [];
  readonly running: Running[] = [];
  /** Responses that were sent and have not arrived. */
  readonly responses: { readonly text: string; readonly arrive: () => void }[] = [];
  readonly trace: string[] = [];
  faults = 0;
  /** The number of published failures of operations that nobody waited for. */
  reported = 0;
  requestsLeft: number;
  /** How often a process may still be cut off. */
  cutsLeft = 4;
  /** How often time may still pass by itself. */
  pausesLeft = 20;
  executions = 0;
  /** What the last answer said about a key. A handler that begins has got this. */
  readonly loaded = new Map<string, SessionRecord | undefined>();
  /** The request whose handler is kept waiting. */
  paused: string | undefined;
  /** Whether handlers go on by themselves. */
  ungated = false;
  #starts = 0;
  #requests = 0;

  constructor(profile: Profile, time: VirtualTime, choices: Choices, makeStore?: StoreFactory) {
    this.profile = profile;
    this.time = time;
    this.choices = choices;
    const now = () => time.now;
    this.store = makeStore?.(now) ?? new ReferenceStore(now);
    this.checks = new Checks(this.ledger, this.store);
    this.reasons = new Reasons(this);
    this.network = new Network(now);
    this.requestsLeft = profile.requests;
    for (let index = 0; index < profile.clients; index++) {
      this.clients.push({ name: "AB"[index] ?? "C", id: undefined, ids: [], busy: new Set() });
    }
  }

  log(text: string): void {
    this.trace.push(`${(this.time.elapsed / 1000).toFixed(3)} ${text}`);
  }

  keyOf(id: string): string {
    return sessionKey("sessionid", id);
  }

  async startProcess(): Promise<ProcessNode> {
    const process = await new ProcessNode(this, `P${++this.#starts}`).start();
    this.processes.push(process);
    return process;
  }

  /** A process has ended; calls that it sent may still arrive. */
  crash(process: ProcessNode): void {
    process.alive = false;
    this.processes.splice(this.processes.indexOf(process), 1);
    for (const { service } of this.running.filter((each) => each.service.handle.sender === process)) {
      service.crashed();
      this.#free(service.handle);
    }
    this.#forget((each) => each.service.handle.sender !== process);
  }

  closing(sender: Sender): boolean {
    return sender instanceof ProcessNode && sender.closing;
  }

  /** Executes one call to the store, and checks its effect. */
  observe<T>(key: string, call: () => T): T {
    this.executions++;
    this.ledger.tick();
    const before = this.store.records.get(key);
    const answer = call();
    const after = this.store.records.get(key);
    if (after !== undefined && after !== before) this.checks.changed(key, before, after);
    return answer;
  }

  /** The earliest time at which what was stored at `begun` may expire. */
  leastExpiry(record: SessionRecord, begun: number): number {
    return Math.min(decodeEnvelope(record)?.absolute ?? 0, begun + this.profile.idle * 1000);
  }

  /** A client's request to a process. */
  ask(client: Client, process: ProcessNode, id: string | undefined, script?: Script): Handle {
    const slot = [0, 1, 2, 3].find((each) => !client.busy.has(each)) ?? 0;
    client.busy.add(slot);
    const handle: Handle = {
      name: `r${++this.#requests}`,
      sender: process,
      client: client.name,
      slot,
      presented: id === undefined ? undefined : this.keyOf(id),
      loaded: "none",
      loadedAt: 0,
      keys: [],
      stored: false,
      owesCookie: false,
      destroyed: false,
      unknown: false,
      ended: false,
    };
    const service = new Service(this, handle);
    const running: Running = { service, resume: undefined };
    this.running.push(running);
    const presents = handle.presented === undefined ? "no id" : this.ledger.name(handle.presented);
    this.log(`${handle.name}: client ${client.name} asks ${process.name} with ${presents}`);
    const [req, res] = exchange(id, (seen) => this.#sent(running, client, seen));
    const serve = process.manager.handler(async (session) => {
      this.#begin(handle, session);
      res.statusCode = 200;
      const end = await this.#work(running, session, script);
      if (end === "throw") throw new Error("the handler failed");
      if (end === "error") res.statusCode = 500;
      res.end();
      await this.#late(service, session, script);
    });
    serve(req, res);
    return handle;
  }

  #begin(handle: Handle, session: Session): void {
    const key = this.keyOf(session.id);
    handle.keys.push(key);
    handle.loadedAt = this.time.now;
    if (key !== handle.presented) return;
    handle.stored = true;
    handle.loaded = this.loaded.get(key)?.retired === undefined ? "session" : "marker";
  }

  async #work(running: Running, session: Session, script: Script | undefined): Promise<End> {
    const { service } = running;
    const count = script?.operations.length ?? 1 + this.choices.below(this.profile.operations);
    const strict = script?.strict ?? this.choices.chance(0.5);
    try {
      for (let index = 0; index < count; index++) {
        await this.#turn(running);
        const name = script?.operations[index] ?? this.#randomOperation();
        if (name === "set" || name === "append" || name === "flush" || name === "remove") {
          this.log(`${service.handle.name} ${name}`);
        }
        try {
          await operations[name](session, service);
        } catch (error) {
          if (!(error instanceof Error && "code" in error)) throw error;
          if (strict) throw error;
        }
      }
      await this.#turn(running);
    } catch (error) {
      service.ends("throw");
      throw error;
    }
    const end = script?.end ?? this.#randomEnd();
    service.ends(end);
    return end;
  }

  /** Nobody waits for its operations, but they must not be lost. */
  async #late(service: Service, session: Session, script: Script | undefined): Promise<void> {
    const chosen = script === undefined && this.choices.chance(this.profile.late);
    const operation = chosen ? this.choices.oneOf(["set", "destroy"] as const) : script?.late;
    if (operation === undefined) return;
    const pause = script === undefined ? this.choices.oneOf([0, 0, 1, 50]) : 0;
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    if (operation === "set") service.setLate(session);
    else await service.destroy(session).catch(() => {});
  }

  #randomOperation(): OperationName {
    const names = Object.keys(this.profile.weights) as OperationName[];
    const used = names.filter((name) => this.profile.weights[name] > 0);
    return used[this.choices.weighted(used.map((name) => this.profile.weights[name]))] ?? "read";
  }

  #randomEnd(): End {
    const ends = ["ok", "error", "throw"] as const;
    return ends[this.choices.weighted([8, 1, 1])] ?? "ok";
  }

  /** Waits until the scheduler lets the handler go on. */
  #turn(running: Running): Promise<void> {
    if (this.ungated) return Promise.resolve();
    return new Promise((resolve) => {
      running.resume = () => {
        running.resume = undefined;
        resolve();
      };
    });
  }

  #sent(running: Running, client: Client, seen: Seen): void {
    const { service } = running;
    const { handle } = service;
    if (!handle.sender.alive || handle.ended) return;
    const id = idSet(seen);
    const cookie =
      id === undefined ? "" : id === "" ? ", clears the cookie" : `, sets ${this.ledger.name(this.keyOf(id))}`;
    this.log(`${handle.name}: response ${seen.status}${cookie}`);
    service.sent(seen);
    this.#free(handle);
    this.#forget((each) => each !== running);
    if (id === undefined) return;
    this.responses.push({
      text: `${handle.name}: the response reaches client ${client.name}`,
      arrive: () => {
        client.id = id === "" ? undefined : id;
        if (id !== "") client.ids.push(id);
      },
    });
  }

  #free(handle: Handle): void {
    this.clients.find(({ name }) => name === handle.client)?.busy.delete(handle.slot);
  }

  #forget(keep: (running: Running) => boolean): void {
    this.running.splice(0, this.running.length, ...this.running.filter(keep));
  }
}
