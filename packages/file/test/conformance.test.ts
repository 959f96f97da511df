import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { conformance } from "@sess/core/conformance";
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { file } from "../src/provider.js";

// Durable, a case of a thousand records waits for thousands of syncs of whatever disk this runs on.
vi.setConfig({ testTimeout: 120_000 });

describe.each([false, true])("conformance, durable: %s", (durable) => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), "sess-file-"));
  });
  afterAll(() => rm(home, { recursive: true }));

  conformance(test, {
    open: ({ namespace, now }) => file({ directory: join(home, namespace), durable }).connect({ now, contract: 1 }),
  });
});
