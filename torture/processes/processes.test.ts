import { describe, expect, test } from "vitest";
import { Fleet } from "./fleet.js";
import { availableProviders, openStore } from "./stores.js";
import { everything, short } from "./trials.js";

// The short form of main.ts: four processes on one store, for every provider that has one.

describe.each(availableProviders())("four processes on one store: %s", (provider) => {
  test("no update is lost, nothing comes back, one of many regenerations wins", {
    timeout: 120_000,
  }, async (context) => {
    let reason = "";
    const store = await openStore(provider, (line) => {
      reason = line;
    });
    if (store === undefined) {
      expect(process.env.CI, reason).toBe(undefined);
      return context.skip(reason);
    }
    const fleet = await Fleet.start(provider, store.config, 4);
    try {
      const findings = await everything(fleet, short, () => {});
      expect(findings.flatMap(({ trial, broken }) => broken.map((what) => `${trial}: ${what}`))).toEqual([]);
    } finally {
      await fleet.stop();
      await store.stop();
    }
  });
});
