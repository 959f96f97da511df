import { type ManagerConfig, resolveConfig } from "./config/config.js";
import { Diagnostics } from "./diagnostics.js";
import { SessionError } from "./errors.js";
import { randomToken } from "./keys.js";
import { type Manager, StoreManager } from "./manager.js";
import type { Connector } from "./provider.js";
import { connectorOf, type ProviderConfigs } from "./registry.js";
import type { SessionData } from "./session-store.js";
import { Backend } from "./store/backend.js";
import type { StoreContext } from "./store/context.js";

/** A registered provider's name with a configuration whose `providerConfig` is that provider's. */
export type NamedProvider = {
  [N in keyof ProviderConfigs]: [
    name: N,
    config?: ManagerConfig & { readonly providerConfig?: ProviderConfigs[N] | string },
  ];
}[keyof ProviderConfigs];

/**
 * Opens sessions kept by a registered provider, or by the connector of one.
 *
 * With two strings it is the seed's `NewManager(name, json)`, which is also the form for `process.env`.
 *
 * Rejects with `SESS_CONFIG` (the message names the key), `SESS_PROVIDER` (nobody registered that name), or with what
 * the provider found as it connected.
 */
export function createManager<D extends object = SessionData>(...args: NamedProvider): Promise<Manager<D>>;
export function createManager<D extends object = SessionData>(
  connector: Connector,
  config?: ManagerConfig,
): Promise<Manager<D>>;
export function createManager<D extends object = SessionData>(name: string, json: string): Promise<Manager<D>>;
export async function createManager<D extends object>(
  nameOrConnector: string | Connector,
  config?: ManagerConfig | string,
): Promise<Manager<D>> {
  const settings = resolveConfig(config);
  const connector =
    typeof nameOrConnector === "string" ? connectorOf(nameOrConnector, settings.providerConfig) : nameOrConnector;
  if (connector?.kind === "token") {
    throw new SessionError("SESS_UNSUPPORTED", "providers that keep the session with the client are not supported yet");
  }
  if (connector?.kind !== "store") {
    throw new SessionError("SESS_PROVIDER", "createManager takes a provider's name or a connector");
  }
  const { now, idle, absolute, namespace } = settings;
  const diagnostics = new Diagnostics({ provider: connector.name, namespace });
  const context: StoreContext = { now, idle, absolute, nonce: randomToken(12), diagnostics };
  const provider = await connector.connect({ now, contract: 1 });
  return new StoreManager<D>(settings, new Backend(provider, context), context);
}
