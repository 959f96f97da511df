import { test } from "vitest";
import { conformance, type OpenOptions } from "../conformance/index.js";
import type { StoreConnector } from "../provider.js";
import { memory } from "./memory.js";

const connectors = new Map<string, StoreConnector>();

function connectorOf(namespace: string): StoreConnector {
  const connector = connectors.get(namespace) ?? memory();
  connectors.set(namespace, connector);
  return connector;
}

conformance(test, {
  name: "memory",
  open: ({ namespace, now }: OpenOptions) => connectorOf(namespace).connect({ now, contract: 1 }),
});
