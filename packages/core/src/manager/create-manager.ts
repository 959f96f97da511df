import { BoundedCalls } from "../backend/bounded.js";
import type { StoreContext } from "../backend/context.js";
import { ReliableProvider } from "../backend/reliable-provider.js";
import type { ManagerConfig, Settings } from "../config/options.js";
import { resolveConfig } from "../config/resolve-config.js";
import type { readSeedConfig } from "../config/seed-json.js";
import { Diagnostics } from "../diagnostics.js";
import { SessionError } from "../errors.js";
import { randomToken } from "../ids.js";
import type { Connector, Provider, StoreConnector, TokenConnector, TokenProvider } from "../provider.js";
import { connectorOf, type ProviderConfigs, type TokenProviders } from "../registry.js";
import type { SessionData } from "../session/session-store.js";
import { CookieSessionManager } from "./cookie-manager.js";
import { globalManager, identityOf } from "./global-managers.js";
import type { Manager, StoreManager } from "./manager.js";
import { StoreSessionManager } from "./store-manager.js";

/** What a named provider's Manager takes: a configuration with required keys makes `providerConfig` one. */
type ConfigOf<C> =
  Record<never, never> extends C
    ? [config?: ManagerConfig & { readonly providerConfig?: C | string | undefined }]
    : [config: ManagerConfig & { readonly providerConfig: C | string }];

type Named<N extends keyof ProviderConfigs> = {
  [K in N]: [name: K, ...config: ConfigOf<ProviderConfigs[K]>];
}[N];

type TokenName = Extract<keyof ProviderConfigs, keyof TokenProviders>;

/** A registered store provider's name with a configuration whose `providerConfig` is that provider's. */
export type NamedStore = Named<Exclude<keyof ProviderConfigs, TokenName>>;

/** The same for a registered token provider. */
export type NamedToken = Named<TokenName>;

/**
 * Opens sessions kept by a registered provider, or by the connector of one.
 *
 * With two strings it is the seed's `NewManager(name, json)`, which is also the form for `process.env`. A name that is
 * known at run time only takes its `providerConfig` as a string; with a type for the fields, `<Fields, string>`.
 *
 * Rejects with `SESS_CONFIG` (the message names the key), `SESS_PROVIDER` (nobody registered that name), or with what
 * the provider found as it connected.
 */
export function createManager<D extends object = SessionData>(name: string, json: string): Promise<StoreManager<D>>;
export function createManager<D extends object = SessionData, N extends string = never>(
  name: string extends N ? N : never,
  config?: ManagerConfig & { readonly providerConfig?: string | undefined },
): Promise<StoreManager<D>>;
export function createManager<D extends object = SessionData>(
  connector: TokenConnector,
  config?: ManagerConfig,
): Promise<Manager<D>>;
export function createManager<D extends object = SessionData>(
  connector: Connector,
  config?: ManagerConfig,
): Promise<StoreManager<D>>;
export function createManager<D extends object = SessionData>(...args: NamedStore): Promise<StoreManager<D>>;
export function createManager<D extends object = SessionData>(...args: NamedToken): Promise<Manager<D>>;
// TypeScript explains a mistake by the last overload: the only one with every name and every other possible mistake.
export function createManager<D extends object = SessionData>(...args: NamedStore | NamedToken): Promise<Manager<D>>;
export async function createManager<D extends object>(
  nameOrConnector: string | Connector,
  config?: ManagerConfig | string,
): Promise<Manager<D>> {
  const settings = resolveConfig(config, typeof config === "string" ? await seedReader() : undefined);
  const name = typeof nameOrConnector === "string" ? nameOrConnector : nameOrConnector.name;
  const connect = () => connected<D>(nameOrConnector, settings);
  return settings.global === undefined
    ? connect()
    : globalManager(settings.global, identityOf(name, settings), connect);
}

async function connected<D extends object>(
  nameOrConnector: string | Connector,
  settings: Settings,
): Promise<StoreSessionManager<D> | CookieSessionManager<D>> {
  // A Manager that is inspected, for example in a log, must not show the store's password.
  const own = { ...settings, providerConfig: undefined };
  const connector =
    typeof nameOrConnector === "string" ? connectorOf(nameOrConnector, settings.providerConfig) : nameOrConnector;
  if (connector !== undefined) assertContract(connector);
  if (connector?.kind === "token") return overToken(connector, own);
  if (connector?.kind === "store") return overStore(connector, own);
  throw new SessionError("SESS_PROVIDER", "createManager takes a provider's name or a connector");
}

/** Loaded only for the seed's JSON. */
async function seedReader(): Promise<typeof readSeedConfig> {
  return (await import("../config/seed-json.js")).readSeedConfig;
}

async function overStore<D extends object>(
  connector: StoreConnector,
  settings: Settings,
): Promise<StoreSessionManager<D>> {
  const context = contextOf(connector, settings);
  const provider = await connector.connect({ now: settings.now, contract: 1 });
  await assertMethods(connector, provider, ["read", "create", "update", "touch", "count", "gc", "close"]);
  return new StoreSessionManager<D>(settings, new ReliableProvider(provider, context), context);
}

async function overToken<D extends object>(
  connector: TokenConnector,
  settings: Settings,
): Promise<CookieSessionManager<D>> {
  const { now, cookieName, namespace } = settings;
  const provider = await connector.connect({ now, contract: 1, cookieName, namespace });
  await assertMethods(connector, provider, ["seal", "open", "close"]);
  return new CookieSessionManager<D>(settings, provider, contextOf(connector, settings));
}

function assertContract({ name, contract = 1 }: Connector): void {
  if (contract === 1) return;
  const update = `was written for contract ${contract}, and this @sess/core offers 1: update @sess/core`;
  throw new SessionError("SESS_PROVIDER", `provider "${name}" ${update}`);
}

/** Finds a provider of another contract, or an incomplete one, at start-up and not at the first request. */
async function assertMethods<P extends Provider | TokenProvider>(
  { name }: Connector,
  provider: P,
  methods: readonly (keyof P & string)[],
): Promise<void> {
  const missing = methods.filter((method) => typeof provider?.[method] !== "function");
  if (missing.length === 0) return;
  if (!missing.includes("close")) await provider.close().catch(() => {});
  throw new SessionError("SESS_PROVIDER", `provider "${name}" has no ${missing.join(", ")}`);
}

function contextOf({ name }: Connector, { now, idle, absolute, maxBytes, namespace }: Settings): StoreContext {
  const diagnostics = new Diagnostics({ provider: name, namespace });
  return { now, idle, absolute, maxBytes, managerId: randomToken(12), diagnostics, calls: new BoundedCalls() };
}
