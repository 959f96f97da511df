import { memory } from "./memory/memory.js";
import { register } from "./registry.js";

export { type Alarm, BoundedCalls, NoAnswer } from "./backend/bounded.js";
export type { StoreCallEvent } from "./backend/store-trace.js";
export type { ErrorResponder, ManagerConfig } from "./config/options.js";
export type { CookieOutcome, RefusedEvent, ResponseEvent, SessionEvent, StoreErrorEvent } from "./diagnostics.js";
export { isSessionError, SessionError, type SessionErrorCode } from "./errors.js";
export type { ResponseHead } from "./http/head.js";
export type { ExchangeOptions } from "./http/request-view.js";
export { createManager, type NamedStore, type NamedToken } from "./manager/create-manager.js";
export type {
  EndOptions,
  Exchange,
  FetchHandler,
  Manager,
  NodeExchange,
  OwnedSession,
  SessionHandler,
  StoreManager,
} from "./manager/manager.js";
export { type MemoryConfig, memory } from "./memory/memory.js";
export type {
  Connector,
  Finding,
  Provider,
  ProviderContext,
  SessionRecord,
  StoreConnector,
  TokenConnector,
  TokenContext,
  TokenProvider,
  Update,
} from "./provider.js";
export { type ProviderConfigs, type ProviderFactory, providers, register, type TokenProviders } from "./registry.js";
export type { FieldsSchema, SchemaConfig, StandardResult, StandardSchema } from "./schema/standard-schema.js";
export type { Field, SessionData, SessionStore } from "./session/session-store.js";

register("memory", memory, "@sess/core");
