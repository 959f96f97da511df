import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SessionRecord } from "@sess/core";
import { afterEach } from "vitest";
import { type Disk, disk as realDisk } from "../src/disk.js";
import { openRoot } from "../src/root.js";
import { Slots } from "../src/slots.js";
import { FileStore } from "../src/store.js";
import { randomHex } from "./records.js";

export { key, marker, randomHex, session } from "./records.js";

/** Paths of new directories, removed after each test. */
export function scratch(): () => Promise<string> {
  const made: string[] = [];
  afterEach(async () => {
    for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true });
  });
  return async () => {
    const directory = await mkdtemp(join(tmpdir(), "sess-file-"));
    made.push(directory);
    return directory;
  };
}

export interface StoreOptions {
  readonly now?: () => number;
  readonly durable?: boolean;
  readonly disk?: Partial<Disk>;
}

/** A handle with parts of its file system replaced. */
export async function openStore(directory: string, options: StoreOptions = {}): Promise<FileStore> {
  const { now = Date.now, durable = false, disk = {} } = options;
  return new FileStore(new Slots(await openRoot(directory), { durable, disk: { ...realDisk, ...disk } }), now);
}

/** Everything under a directory, files and directories, as relative paths in order. */
export async function everything(directory: string): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).sort();
}

/** A call to the file system that stops until it is let go. */
export class Gate {
  readonly reached: Promise<void>;
  #arrive: () => void = () => {};
  #open: () => void = () => {};
  readonly #opened: Promise<void>;
  #isUsed = false;

  constructor() {
    this.reached = new Promise((resolve) => {
      this.#arrive = resolve;
    });
    this.#opened = new Promise((resolve) => {
      this.#open = resolve;
    });
  }

  open(): void {
    this.#open();
  }

  /** The first call stops; later ones pass. */
  async pass(): Promise<void> {
    if (this.#isUsed) return;
    this.#isUsed = true;
    this.#arrive();
    await this.#opened;
  }
}

type Stoppable =
  | "list"
  | "openNew"
  | "write"
  | "rename"
  | "unlink"
  | "openToRead"
  | "makeDirectory"
  | "removeDirectory";

/** A disk whose first call of one method stops at a gate, before it is carried out. */
export function stoppedAt(method: Stoppable): { readonly disk: Disk; readonly gate: Gate } {
  const gate = new Gate();
  const original: (...args: never[]) => Promise<unknown> = realDisk[method];
  const stopped = async (...args: never[]) => {
    await gate.pass();
    return original(...args);
  };
  return { disk: { ...realDisk, [method]: stopped }, gate };
}

/** An error as the file system gives it, with a path that must not be shown. */
export function fsError(code: string): Error {
  return Object.assign(new Error(`${code}: injected, open '/secret/${randomHex(32)}'`), { code });
}

/** A record's own contents, for expectations. */
export function contents(record: SessionRecord | undefined): string | undefined {
  return record?.data;
}
