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
import type { FieldSchemas } from "../schema/field-schemas.js";
import type { SchemaConfig } from "../schema/standard-schema.js";
import type { SessionData } from "../session/session-store.js";
import { CookieSessionManager } from "./cookie-manager.js";
import { globalManager, identityOf } from "./global-managers.js";
import type { Manager, StoreManager } from "./manager.js";
import { StoreSessionManager } from "./store-manager.js";

/** What a named provider's Manager takes: a configuration with required keys makes `providerConfig` one. */
type ConfigOf<C, D extends object> =
  Record<never, never> extends C
    ? [config?: ManagerConfig & SchemaConfig<D> & { readonly providerConfig?: C | string | undefined }]
    : [config: ManagerConfig & SchemaConfig<D> & { readonly providerConfig: C | string }];

type Named<N extends keyof ProviderConfigs, D extends object> = {
  [K in N]: [name: K, ...config: ConfigOf<ProviderConfigs[K], D>];
}[N];

type TokenName = Extract<keyof ProviderConfigs, keyof TokenProviders>;

/** A registered store provider's name with a configuration whose `providerConfig` is that provider's. */
export type NamedStore<D extends object = never> = Named<Exclude<keyof ProviderConfigs, TokenName>, D>;

/** The same for a registered token provider. */
export type NamedToken<D extends object = never> = Named<TokenName, D>;

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
  config?: ManagerConfig & SchemaConfig<D> & { readonly providerConfig?: string | undefined },
): Promise<StoreManager<D>>;
export function createManager<D extends object = SessionData>(
  connector: TokenConnector,
  config?: ManagerConfig & SchemaConfig<D>,
): Promise<Manager<D>>;
export function createManager<D extends object = SessionData>(
  connector: Connector,
  config?: ManagerConfig & SchemaConfig<D>,
): Promise<StoreManager<D>>;
export function createManager<D extends object = SessionData>(...args: NamedStore<D>): Promise<StoreManager<D>>;
export function createManager<D extends object = SessionData>(...args: NamedToken<D>): Promise<Manager<D>>;
// TypeScript explains a mistake by the last overload: the only one with every name and every other possible mistake.
export function createManager<D extends object = SessionData>(
  ...args: NamedStore<D> | NamedToken<D>
): Promise<Manager<D>>;
export async function createManager<D extends object>(
  nameOrConnector: string | Connector,
  config?: (ManagerConfig & SchemaConfig<D>) | string,
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
  const schemas = await schemasOf(settings.fields);
  if (connector?.kind === "token") return overToken(connector, own, schemas);
  if (connector?.kind === "store") return overStore(connector, own, schemas);
  throw new SessionError("SESS_PROVIDER", "createManager takes a provider's name or a connector");
}

/** Loaded only for the seed's JSON. */
async function seedReader(): Promise<typeof readSeedConfig> {
  return (await import("../config/seed-json.js")).readSeedConfig;
}

/** Loaded only where there is a schema. */
async function schemasOf(fields: Settings["fields"]): Promise<FieldSchemas | undefined> {
  if (fields?.schema === undefined) return undefined;
  const { FieldSchemas } = await import("../schema/field-schemas.js");
  return new FieldSchemas(fields.schema, fields);
}

async function overStore<D extends object>(
  connector: StoreConnector,
  settings: Settings,
  schemas: FieldSchemas | undefined,
): Promise<StoreSessionManager<D>> {
  const context = contextOf(connector, settings, schemas);
  const provider = await connector.connect({ now: settings.now, contract: 1 });
  await assertMethods(connector, provider, ["read", "create", "update", "touch", "count", "gc", "close"]);
  return new StoreSessionManager<D>(settings, new ReliableProvider(provider, context), context);
}

async function overToken<D extends object>(
  connector: TokenConnector,
  settings: Settings,
  schemas: FieldSchemas | undefined,
): Promise<CookieSessionManager<D>> {
  const { now, cookieName, namespace } = settings;
  const provider = await connector.connect({ now, contract: 1, cookieName, namespace });
  await assertMethods(connector, provider, ["seal", "open", "close"]);
  return new CookieSessionManager<D>(settings, provider, contextOf(connector, settings, schemas));
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

function contextOf(
  { name }: Connector,
  { now, idle, absolute, maxBytes, namespace }: Settings,
  schemas: FieldSchemas | undefined,
): StoreContext {
  const diagnostics = new Diagnostics({ provider: name, namespace });
  const calls = new BoundedCalls();
  return { now, idle, absolute, maxBytes, managerId: randomToken(12), schemas, diagnostics, calls };
}
