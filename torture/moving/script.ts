import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { blocksOf } from "../../scripts/checks/markdown.js";
import { secret } from "./sites.js";

const root = join(import.meta.dirname, "..", "..");
const page = join(root, "packages/core/docs/coming-from-express-session.md");

/** What the script counted, and what it said of those that failed. */
export interface Moved {
  readonly counts: Readonly<Record<"taken" | "there" | "none" | "failed", number>>;
  readonly failures: string;
  readonly seconds: number;
}

/** The script of the page in a folder of its own, for the old store whose block has this import. */
export class Script {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * `manager`: the arguments of `createManager`, as the application has them. `adapt` changes the block of the old store,
   * as its reader would.
   */
  static async write(
    oldStore: string,
    manager: { readonly imports: string; readonly create: string },
    adapt = (text: string) => text,
  ): Promise<Script> {
    await mkdir(join(root, ".tmp"), { recursive: true });
    const folder = await mkdtemp(join(root, ".tmp", "moving-"));
    const blocks = blocksOf(await readFile(page, "utf8"));
    const block = (name: string, holds: string) => {
      const found = blocks.filter((each) => each.name === name && each.text.includes(holds));
      if (found.length !== 1) throw new Error(`${found.length} blocks ${name} with ${holds}`);
      return found[0]?.text ?? "";
    };
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    await writeFile(join(folder, "move.js"), block("move.js", "takeOver"));
    await writeFile(join(folder, "old-store.js"), adapt(block("old-store.js", `from "${oldStore}"`)));
    const sessions = `import { createManager } from "@sess/core";\n${manager.imports}
export const secret = ${JSON.stringify(secret)};\nexport const sessions = await createManager(${manager.create});\n`;
    await writeFile(join(folder, "sessions.js"), sessions);
    await symlink(join(root, "bench", "node_modules"), join(folder, "node_modules"));
    return new Script(folder);
  }

  async run(env: Record<string, string>): Promise<Moved> {
    const begun = performance.now();
    const args = ["--conditions=@sess/source", "--import", "tsx", join(this.#folder, "move.js")];
    const options = { cwd: this.#folder, env: { ...process.env, ...env }, timeout: 500_000, maxBuffer: 64 << 20 };
    // It ends with 1 when some failed, and says how many.
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, options).catch((error) => error);
    const line = /^\{.*\}$/m.exec(String(stdout))?.[0];
    if (line === undefined) throw new Error(`the script did not come to its end: ${stdout}${stderr}`);
    return { counts: JSON.parse(line), failures: String(stderr), seconds: (performance.now() - begun) / 1000 };
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}
