import type { StoreConnector } from "@sess/core";
import { conformance } from "@sess/core/conformance";
import { test } from "vitest";

// By path, because a link of the workspace would lead out of Stryker's copy to the sources that are not mutated. A file
// that cannot be loaded must fail a test, because Stryker's runner counts a file without tests as passed.
const loaded = import("../../packages/core/src/memory/memory.js");
await loaded.catch(() => undefined);

const connectors = new Map<string, StoreConnector>();

conformance(test, {
  name: "memory",
  open: async ({ namespace, now }) => {
    const { memory } = await loaded;
    const connector = connectors.get(namespace) ?? memory();
    connectors.set(namespace, connector);
    return connector.connect({ now, contract: 1 });
  },
});
