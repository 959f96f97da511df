/**
 * The import rules that keep the layers apart, checked on the sources of all packages, tests left out but for circles:
 *
 * - core's `provider.ts` imports nothing;
 * - what core's root entry reaches is neither an adapter nor the kit, that is, none of core's other entries;
 * - core imports only `node:` builtins and files of its own;
 * - the other packages do not import each other, and core only by the specifiers it publishes;
 * - no file imports itself by way of others: here tests, and what torture, bench, scripts and examples hold, count too.
 *
 * An import of types is an import: layers are about what a reader has to know.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Import, importsOf } from "./list-imports.js";

export interface Violation {
  /** Relative to the root. */
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

export interface Report {
  readonly packages: number;
  readonly files: number;
  readonly imports: number;
  /** How many files core's root entry reaches, itself included. */
  readonly reachable: number;
  /** Files that are not part of any package's sources: only circles are looked for among them. */
  readonly others: number;
  readonly violations: readonly Violation[];
}

interface Package {
  readonly folder: string;
  readonly name: string;
  /** By subpath as in `exports`, "." first: the source file of each entry. */
  readonly entries: ReadonlyMap<string, string>;
}

interface Source {
  readonly path: string;
  readonly owner: Package;
  readonly imports: readonly (Import & { readonly target?: string | undefined })[];
}

type Sources = ReadonlyMap<string, Source>;

/** Of core: loads the module and the provider that an operator names. */
const loadsWhatItIsTold = join("src", "cli", "open.ts");

/** Folders with code that is no package's source. */
const otherFolders = ["torture", "bench", "scripts", "examples", "site"];

/** Checks the packages under `root`/packages, and the rest of the repository for circles. */
export function checkImports(root: string): Report {
  const folders = readdirSync(join(root, "packages")).map((name) => join(root, "packages", name));
  const packages = folders.filter((folder) => existsSync(join(folder, "package.json"))).map(packageIn);
  const core = packages.find(({ name }) => name === "@sess/core");
  if (!core) throw new Error("packages/core is missing");

  const sources: Sources = new Map(packages.flatMap(sourcesOf).map((source) => [source.path, source]));
  const others: Sources = new Map(othersOf(root, packages, sources).map((source) => [source.path, source]));
  const reachable = reachableFrom(sources, core.entries.get("."));
  const violations = [
    ...entriesWithoutSource(packages),
    ...contractViolations(sources, join(core.folder, "src/provider.ts")),
    ...rootViolations(reachable, core),
    ...[...sources.values()].flatMap((source) => [...specifierViolations(source, core, packages)]),
    ...cycles(new Map([...sources, ...others])),
  ];
  return {
    packages: packages.length,
    files: sources.size,
    imports: [...sources.values()].reduce((sum, source) => sum + source.imports.length, 0),
    reachable: reachable.length,
    others: others.size,
    violations: violations.map((violation) => ({ ...violation, file: relative(root, violation.file) })),
  };
}

// ---- The packages and their files --------------------------------------------------------------------------------

function packageIn(folder: string): Package {
  const manifest: { name: string; exports?: Record<string, unknown> } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const subpaths = Object.entries(manifest.exports ?? {}).filter(([subpath]) => subpath !== "./package.json");
  const entries = subpaths.map(([subpath, target]) => [subpath, join(folder, sourceOf(target))] as const);
  return { folder, name: manifest.name, entries: new Map(entries) };
}

/** The source behind an entry of `exports`: by its condition, or by where the build puts it. */
function sourceOf(target: unknown): string {
  if (typeof target === "string") return target.replace("/dist/", "/src/").replace(/(\.d)?\.[jt]s$/, ".ts");
  const conditions = target as Record<string, unknown>;
  return sourceOf(conditions["@sess/source"] ?? conditions.import ?? conditions.default ?? "");
}

function sourcesOf(owner: Package): Source[] {
  const folder = join(owner.folder, "src");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !/\.test(-d)?\.ts$/.test(name))
    .map((name) => sourceAt(join(folder, name), owner));
}

function sourceAt(path: string, owner: Package): Source {
  const imports = importsOf(path).map((found) => ({ ...found, target: targetOf(path, found.specifier) }));
  return { path, owner, imports };
}

/** Tests and their support, and the folders beside the packages. */
function othersOf(root: string, packages: readonly Package[], sources: Sources): Source[] {
  const rest: Package = { folder: root, name: "", entries: new Map() };
  return [...packages.map(({ folder }) => folder), ...otherFolders.map((name) => join(root, name))]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)))
    .filter((path) => /\.m?[jt]s$/.test(path) && !/[\\/](node_modules|dist|\.\w+)[\\/]/.test(relative(root, path)))
    .filter((path) => !sources.has(path))
    .map((path) => sourceAt(path, rest));
}

/** The file that a relative specifier means; `./x.js` is `x.ts`. */
function targetOf(from: string, specifier: string | undefined): string | undefined {
  if (specifier === undefined || !isRelative(specifier)) return undefined;
  const path = resolve(dirname(from), specifier);
  return [path.replace(/\.js$/, ".ts"), `${path}.ts`, join(path, "index.ts"), path].find(
    (candidate) => /\.\w+$/.test(candidate) && existsSync(candidate),
  );
}

function isRelative(specifier: string): boolean {
  return /^\.\.?(\/|$)/.test(specifier) || specifier.startsWith("/");
}

// ---- The rules ---------------------------------------------------------------------------------------------------

/** An entry that points to no file would make the rules about it meaningless. */
function* entriesWithoutSource(packages: readonly Package[]): Iterable<Violation> {
  for (const { folder, entries } of packages) {
    for (const [subpath, path] of entries) {
      if (existsSync(path)) continue;
      yield {
        file: join(folder, "package.json"),
        line: 1,
        message: `the entry "${subpath}" has no source ${relative(folder, path)}`,
      };
    }
  }
}

function* contractViolations(sources: Sources, path: string): Iterable<Violation> {
  const contract = sources.get(path);
  if (!contract) yield { file: path, line: 1, message: "the contract is missing" };
  for (const { specifier, line } of contract?.imports ?? []) {
    yield { file: path, line, message: `the contract imports nothing, but here "${specifier}"` };
  }
}

function* rootViolations(reachable: readonly Source[], core: Package): Iterable<Violation> {
  const others = new Map(
    [...core.entries].filter(([subpath]) => subpath !== ".").map(([subpath, path]) => [path, subpath]),
  );
  for (const { path, imports } of reachable) {
    for (const { target, line } of imports) {
      const subpath = target && others.get(target);
      if (subpath) yield { file: path, line, message: `the root entry reaches the entry "${subpath}" through this` };
    }
  }
}

function* specifierViolations(source: Source, core: Package, packages: readonly Package[]): Iterable<Violation> {
  for (const { specifier, line, target } of source.imports) {
    if (specifier === undefined && source.path === join(core.folder, loadsWhatItIsTold)) continue;
    const message = wrongWith(specifier, target, source.owner, core, packages);
    if (message) yield { file: source.path, line, message };
  }
}

function wrongWith(
  specifier: string | undefined,
  target: string | undefined,
  owner: Package,
  core: Package,
  packages: readonly Package[],
): string | undefined {
  if (specifier === undefined) return "an import whose specifier is computed cannot be checked";
  if (isRelative(specifier)) {
    if (target === undefined) return `"${specifier}" is no file`;
    return isInside(owner.folder, target) ? undefined : `"${specifier}" reaches into another package`;
  }
  if (owner === core) return specifier.startsWith("node:") ? undefined : `core imports "${specifier}"`;
  if (isBuiltin(specifier)) return undefined;

  const imported = packages.find(({ name }) => specifier === name || specifier.startsWith(`${name}/`));
  if (imported === undefined) return undefined;
  if (imported !== core) return `${owner.name} imports ${imported.name}`;
  const subpath = `.${specifier.slice(core.name.length)}`;
  return core.entries.has(subpath) ? undefined : `"${specifier}" is not among what core publishes`;
}

function isInside(folder: string, path: string): boolean {
  return !relative(folder, path).startsWith("..");
}

function reachableFrom(sources: Sources, entry: string | undefined): Source[] {
  const found = new Set<Source>();
  const visit = (path: string | undefined) => {
    const source = path === undefined ? undefined : sources.get(path);
    if (source === undefined || found.has(source)) return;
    found.add(source);
    for (const { target } of source.imports) visit(target);
  };
  visit(entry);
  return [...found];
}

/** One violation for each import that closes a circle, with the circle written out. */
function* cycles(sources: Sources): Iterable<Violation> {
  const finished = new Set<Source>();
  const path: Source[] = [];
  const visit = function* (source: Source): Iterable<Violation> {
    path.push(source);
    for (const { target, line } of source.imports) {
      const next = target === undefined ? undefined : sources.get(target);
      if (next === undefined || finished.has(next)) continue;
      const start = path.indexOf(next);
      if (start === -1) {
        yield* visit(next);
        continue;
      }
      const circle = [...path.slice(start), next].map((member) => relative(source.owner.folder, member.path));
      yield { file: source.path, line, message: `imports in a circle: ${circle.join(" -> ")}` };
    }
    path.pop();
    finished.add(source);
  };
  for (const source of sources.values()) if (!finished.has(source)) yield* visit(source);
}

// ---- From the command line ---------------------------------------------------------------------------------------

function main(): void {
  const report = checkImports(fileURLToPath(new URL("../../", import.meta.url)));
  const { packages, files, imports, reachable, others, violations } = report;
  console.log(
    `Import rules: ${packages} packages, ${files} files, ${imports} imports; core's root reaches ${reachable}; ${others} other files`,
  );
  for (const { file, line, message } of violations) console.log(`${file}:${line}: ${message}`);
  console.log(violations.length === 0 ? "No violations." : `${violations.length} violations.`);
  process.exitCode = violations.length === 0 ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
