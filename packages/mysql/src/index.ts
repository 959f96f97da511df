import { register } from "@sess/core";
import { type MysqlConfig, mysql } from "./provider.js";

export type {
  MysqlCommonOptions,
  MysqlConfig,
  MysqlConnection,
  MysqlOptions,
  MysqlPool,
  MysqlPoolOptions,
  MysqlTls,
} from "./provider.js";
export { ddl, mysql } from "./provider.js";

declare module "@sess/core" {
  interface ProviderConfigs {
    mysql: MysqlConfig;
  }
}

register<MysqlConfig>("mysql", mysql, "@sess/mysql");
