import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conformance } from "@sess/core/conformance";
import { afterAll, test } from "vitest";

// By path, and failing in a test: see memory.kit.ts.
const loaded = import("../../packages/file/src/provider.js");
await loaded.catch(() => undefined);

// On a file system in memory, if there is one: there are hundreds of runs, with thousands of files each.
const memory = "/dev/shm";
const home = await mkdtemp(join(existsSync(memory) ? memory : tmpdir(), "sess-mutated-"));
afterAll(() => rm(home, { recursive: true, force: true }));

// Durability is off: only a loss of power would show it, and no kit can cause that.
conformance(test, {
  name: "file",
  open: async ({ namespace, now }) => {
    const { file } = await loaded;
    return file({ directory: join(home, namespace), durable: false }).connect({ now, contract: 1 });
  },
});
