#!/usr/bin/env node
import { readFile } from "node:fs/promises";
import { memory } from "../memory/memory.js";
import { register } from "../registry.js";
import { run } from "./run.js";

const version = async () => {
  const manifest = await readFile(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(manifest) as { readonly version?: string }).version);
};

register("memory", memory, "@sess/core");
const code = await run(process.argv.slice(2), { out: process.stdout, err: process.stderr }, version);
// Ended here: a module that was loaded may hold connections of its own. When what was written is out.
process.stdout.write("", () => process.exit(code));
