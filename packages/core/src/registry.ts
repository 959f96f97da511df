import { SessionError } from "./errors.js";
import type { MemoryConfig } from "./memory/memory.js";
import type { Connector } from "./provider.js";

/**
 * The registered providers' configurations by name. A provider package's registering entry augments it:
 *
 * ```ts
 * declare module "@sess/core" {
 *   interface ProviderConfigs { sqlite: SqliteConfig }
 * }
 * ```
 */
export interface ProviderConfigs {
  memory: MemoryConfig;
}

/**
 * The names among {@link ProviderConfigs} whose sessions travel with the client: their Managers cannot look a session
 * up. Augmented, with `true`, by the registering entry of a token provider.
 */
// biome-ignore lint/suspicious/noEmptyInterface: core has none; token providers augment it.
export interface TokenProviders {}

/** Makes a connector from what the application wrote under `providerConfig`. Must not do I/O: `connect` does. */
export type ProviderFactory<C> = (config: C | string | undefined) => Connector;

interface Registration {
  readonly factory: ProviderFactory<unknown>;
  readonly packageName: string;
}

// One registry for a process, even if it has several copies of core.
const registryKey = Symbol.for("@sess/core/registry/1");
const holder = globalThis as { [registryKey]?: Map<string, Registration> };
holder[registryKey] ??= new Map();
const registry: Map<string, Registration> = holder[registryKey];

/**
 * Makes a provider available to `createManager` under a name. A provider package calls it when it is imported.
 *
 * The same name from the same package replaces silently: test runners reset modules, hot reload runs them again, and a
 * package may be installed twice. From another package it is `SESS_PROVIDER`; so is an empty name, or a factory that is
 * not a function.
 */
export function register<C>(name: string, factory: ProviderFactory<C>, packageName: string): void {
  if (typeof name !== "string" || name === "") {
    throw new SessionError("SESS_PROVIDER", "a provider needs a name");
  }
  if (typeof factory !== "function") {
    throw new SessionError("SESS_PROVIDER", `provider "${name}" needs a factory`);
  }
  const known = registry.get(name);
  if (known !== undefined && known.packageName !== packageName) {
    throw new SessionError("SESS_PROVIDER", `provider "${name}" is registered by ${known.packageName} already`);
  }
  registry.set(name, { factory: factory as ProviderFactory<unknown>, packageName });
}

/** The names of the registered providers, sorted. */
export function providers(): readonly string[] {
  return [...registry.keys()].sort();
}

/** The connector of a registered provider; `SESS_PROVIDER` if the name is not registered. */
export function connectorOf(name: string, providerConfig: unknown): Connector {
  const known = registry.get(name);
  if (known === undefined) {
    const names = providers().map((each) => `"${each}"`);
    throw new SessionError(
      "SESS_PROVIDER",
      `unknown provider ${JSON.stringify(name)} (forgotten import?); known: ${names.join(", ")}`,
    );
  }
  return known.factory(providerConfig);
}
