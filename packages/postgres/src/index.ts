import { register } from "@sess/core";
import { type PostgresConfig, postgres } from "./provider.js";

export type {
  PostgresCommonOptions,
  PostgresConfig,
  PostgresOptions,
  PostgresPool,
  PostgresPoolOptions,
  PostgresTls,
} from "./provider.js";
export { ddl, postgres } from "./provider.js";

declare module "@sess/core" {
  interface ProviderConfigs {
    postgres: PostgresConfig;
  }
}

register<PostgresConfig>("postgres", postgres, "@sess/postgres");
