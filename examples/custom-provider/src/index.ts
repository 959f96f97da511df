import { register } from "@sess/core";
import { type SqliteConfig, sqlite } from "./provider.js";

export { type SqliteConfig, sqlite } from "./provider.js";

declare module "@sess/core" {
  interface ProviderConfigs {
    sqlite: SqliteConfig;
  }
}

register<SqliteConfig>("sqlite", sqlite, "sess-sqlite");
