import { register } from "@sess/core";
import { type FileConfig, file } from "./provider.js";

export type { FileConfig } from "./provider.js";
export { file } from "./provider.js";

declare module "@sess/core" {
  interface ProviderConfigs {
    file: FileConfig;
  }
}

register<FileConfig>("file", file, "@sess/file");
