import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Bundled } from "./contenders.js";

/** Bytes, minified, and then gzipped. */
export interface Size {
  readonly minified: number;
  readonly gzipped: number;
}

export const drivers = ["ioredis", "redis", "mysql2", "pg"];

/** What a bundler makes of it for Node; `external` stays outside. */
export async function bundle({ source }: Bundled, external: readonly string[]): Promise<Size> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: [...external],
    write: false,
    logLevel: "error",
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length };
}
