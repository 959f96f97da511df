import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Reader } from "./reader.js";

const types = `import { createManager } from "@sess/core";
import "sess-sqlite";
import { sqlite } from "sess-sqlite/provider";

await createManager("sqlite", { providerConfig: { path: "typed.db" } });
await createManager("sqlite", { providerConfig: "typed.db" });
await createManager(sqlite({ path: "typed.db" }));
// @ts-expect-error not what the provider takes
await createManager("sqlite", { providerConfig: { file: "typed.db" } });
// @ts-expect-error nobody has registered that
await createManager("sqlight", {});
`;

/**
 * What the guide promises but does not show: several processes on one file, and the types as an application sees them.
 */
export async function goFurther(reader: Reader): Promise<void> {
  await copyFile(join(import.meta.dirname, "processes.mjs"), join(reader.folder, "processes.mjs"));
  await reader.command("node processes.mjs");
  await writeFile(join(reader.folder, "types.mts"), types);
  const tools = "../sess-sqlite/node_modules";
  const options = `--ignoreConfig --noEmit --strict --module nodenext --types node --typeRoots ${tools}/@types`;
  await reader.command(`${tools}/.bin/tsc ${options} types.mts`);
}
