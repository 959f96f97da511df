import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const core = join(import.meta.dirname, "..");
const root = join(core, "..", "..");

/** What the compiler says of an application in one file, which is a program of its own; empty when nothing. */
export async function compile(application: string): Promise<string> {
  await mkdir(join(core, ".tmp"), { recursive: true });
  const folder = await mkdtemp(join(core, ".tmp", "application-"));
  try {
    await writeFile(join(folder, "application.ts"), application);
    const config = { extends: join(root, "tsconfig.base.json"), files: ["application.ts"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    return await promisify(execFile)(process.execPath, [tsc, "-p", folder]).then(
      () => "",
      (error: { stdout: string }) => error.stdout,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
