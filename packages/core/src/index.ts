import { memory } from "./memory/memory.js";
import { register } from "./registry.js";

export type { ManagerConfig } from "./config/config.js";
export { createManager, type NamedProvider } from "./create-manager.js";
export type { RefusedEvent, SessionEvent, StoreErrorEvent } from "./diagnostics.js";
export { isSessionError, SessionError, type SessionErrorCode } from "./errors.js";
export type { Manager, SessionHandler } from "./manager.js";
export { type MemoryConfig, memory } from "./memory/memory.js";
export type {
  Connector,
  Provider,
  ProviderContext,
  SessionRecord,
  StoreConnector,
  TokenConnector,
  TokenProvider,
  Update,
} from "./provider.js";
export { type ProviderConfigs, type ProviderFactory, providers, register } from "./registry.js";
export type { Field, SessionData, SessionStore } from "./session-store.js";

register("memory", memory, "@sess/core");
