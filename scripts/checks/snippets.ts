import { execFile } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { blocksOf, markdownFiles } from "./markdown.js";

const root = join(import.meta.dirname, "..", "..");

/** A TypeScript block of a Markdown file, which must compile by itself. */
export interface Snippet {
  /** Relative to the root. */
  readonly source: string;
  readonly line: number;
  readonly text: string;
  /** A file of the guide for provider authors, which replays them itself: `npm run check:guide`. */
  readonly isGuides: boolean;
}

/** The snippets of every Markdown file, except decision records and changesets, whose text is history. */
export async function readSnippets(): Promise<Snippet[]> {
  const files = markdownFiles(root).filter((file) => !/(^|\/)(decisions|\.changeset)\//.test(file));
  const snippets = files.map(async (source) =>
    blocksOf(await readFile(join(root, source), "utf8"))
      .filter(({ language }) => language === "ts" || language === "typescript")
      .map(({ line, text, name }) => ({ source, line, text, isGuides: name !== "" })),
  );
  return (await Promise.all(snippets)).flat();
}

/** A snippet as a file of an application that has installed whatever any of them asks for. */
export interface Written extends Snippet {
  readonly path: string;
}

/** Writes the snippets into an empty folder below the root. Paths of servers' machines become paths below it. */
export async function write(snippets: readonly Snippet[], folder: string): Promise<Written[]> {
  await install(folder);
  const written = snippets.map((snippet) => {
    const name = `${snippet.source.replace(/\.md$/, "").replaceAll("/", "-")}-${snippet.line}.ts`;
    return { ...snippet, path: join(folder, name), text: snippet.text.replaceAll('"/var/lib/', `"${folder}/`) };
  });
  for (const { path, text } of written) await writeFile(path, `${text}\nexport {};\n`);
  return written;
}

/** The packages, and what they depend on or are tried with. The rest is the root's, and found there. */
async function install(folder: string): Promise<void> {
  for (const name of ["core", "file", "redis", "mysql", "postgres", "cookie"]) {
    const place = join(root, "packages", name);
    const manifest = JSON.parse(await readFile(join(place, "package.json"), "utf8"));
    await link(place, join(folder, "node_modules", manifest.name));
    const others = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    for (const each of others.filter((other) => !other.startsWith("@sess/"))) {
      await link(join(place, "node_modules", each), join(folder, "node_modules", each));
    }
  }
}

async function link(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true });
  await symlink(from, to);
}

/**
 * The compiler's messages. A Markdown file that adds to the types of a module is compiled separately, because
 * everything compiled with it would see the addition.
 */
export async function compile(snippets: readonly Written[], folder: string): Promise<string> {
  const adding = new Set(snippets.filter(({ text }) => text.includes("declare module")).map(({ source }) => source));
  const plain = snippets.filter(({ source }) => !adding.has(source));
  const programs = [plain, ...[...adding].map((name) => snippets.filter(({ source }) => source === name))];
  const said: string[] = [];
  for (const program of programs) said.push(await tsc(program, folder));
  return said.join("");
}

async function tsc(snippets: readonly Written[], folder: string): Promise<string> {
  const config = {
    extends: join(root, "tsconfig.base.json"),
    files: snippets.map(({ path }) => path),
    compilerOptions: { typeRoots: [join(root, "node_modules", "@types")] },
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(config));
  const program = join(root, "node_modules", "typescript", "bin", "tsc");
  return promisify(execFile)(process.execPath, [program, "-p", folder]).then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );
}
