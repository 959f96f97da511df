import { join } from "node:path";

const source = join(import.meta.dirname, "../../packages/core/src");
const shims = join(import.meta.dirname, "../demo/shims");
const shimmed: Readonly<Record<string, string>> = {
  "node:async_hooks": "async-hooks.ts",
  "node:cluster": "cluster.ts",
  "node:crypto": "crypto.ts",
  "node:diagnostics_channel": "diagnostics-channel.ts",
  "node:http": "http.ts",
  "node:util": "util.ts",
};

/** For Vite: what core takes from Node is made of what a browser has. */
export function coreInBrowser() {
  return {
    name: "core-in-browser",
    enforce: "pre" as const,
    resolveId(id: string, importer: string | undefined): string | undefined {
      const shim = importer?.startsWith(source) ? shimmed[id] : undefined;
      return shim && join(shims, shim);
    },
  };
}
