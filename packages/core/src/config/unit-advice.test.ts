import { afterEach, expect, test, vi } from "vitest";
import type { ManagerConfig } from "./options.js";
import { resolveConfig } from "./resolve-config.js";
import type { adviseSeconds } from "./unit-advice.js";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** What `body` warns of, by a copy of the module that has not warned yet. */
async function warnings(body: (advise: typeof adviseSeconds) => void): Promise<string[]> {
  vi.resetModules();
  const fresh = await import("./unit-advice.js");
  const emit = vi
    .spyOn(process, "emitWarning")
    .mockImplementation(() => {})
    .mockClear();
  body(fresh.adviseSeconds);
  return emit.mock.calls.map(([message]) => String(message));
}

test.each([600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 43_200_000, 86_400_000, 34_560_001])(
  "%d seconds look like milliseconds",
  async (seconds) => {
    expect(await warnings((advise) => advise("maxLifetime", seconds))).toEqual([
      expect.stringMatching(/^maxLifetime is in seconds, and lasts [\d.]+ days\./),
    ]);
  },
);

test.each([1, 1800, 86_400, 432_000, 604_800, 1_209_600, 2_592_000, 31_536_000, 34_560_000])(
  "%d seconds do not",
  async (seconds) => {
    expect(await warnings((advise) => advise("maxLifetime", seconds))).toEqual([]);
  },
);

test("it is told once for each name, with what to write, and never in production", async () => {
  expect(
    await warnings((advise) => {
      for (const name of ["maxLifetime", "maxLifetime", "session.lifetime"]) advise(name, 1_800_000);
    }),
  ).toEqual([
    "maxLifetime is in seconds, and lasts 20.8 days. If milliseconds were meant, write 1800.",
    "session.lifetime is in seconds, and lasts 20.8 days. If milliseconds were meant, write 1800.",
  ]);
  vi.stubEnv("NODE_ENV", "production");
  expect(await warnings((advise) => advise("maxLifetime", 1_800_000))).toEqual([]);
});

test.each<keyof ManagerConfig>(["gcLifetime", "maxLifetime", "absoluteLifetime", "cookieLifetime"])(
  "%s is looked at as it is configured",
  (key) => {
    const emit = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    resolveConfig({ [key]: 86_400_000 });
    resolveConfig({ [key]: 86_400 });
    expect(emit.mock.calls).toEqual([[expect.stringContaining(key), { code: "SESS_LIFETIME_UNIT" }]]);
  },
);
