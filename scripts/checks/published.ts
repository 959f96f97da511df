import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { anchorsOf, linksOf } from "./markdown.js";
import { filesIn, type Manifest, textIn } from "./tarball.js";

/** A bundler names a chunk after its content; the name in a list must not change with every edit. */
export function listing(files: readonly string[]): string[] {
  return files.map((file) => file.replace(/-[\w-]{8}(\.d\.ts|\.js)$/, "-<hash>$1")).sort();
}

/** What is wrong with a tarball; empty when it is fit to be published. */
export async function faultsOf(tarball: string): Promise<string[]> {
  const files = new Set(await filesIn(tarball));
  const text = await textIn(tarball, "package.json");
  const manifest = JSON.parse(text) as Manifest;
  const faults = [...manifestFaults(manifest, text), ...exportFaults(manifest, files)];
  for (const name of ["LICENSE", "README.md", "package.json"]) if (!files.has(name)) faults.push(`no ${name}`);
  const texts = new Map<string, string>();
  for (const file of files) if (/\.(js|d\.ts|md)$/.test(file)) texts.set(file, await textIn(tarball, file));
  for (const file of files) {
    const contents = texts.get(file) ?? "";
    if (/\.(js|d\.ts)$/.test(file))
      faults.push(...importFaults(file, contents, files), ...prefixFaults(file, contents));
    else if (/^[\w/-]+\.md$/.test(file)) faults.push(...linkFaults(file, texts, files));
    else if (!/^(LICENSE|package\.json)$/.test(file)) faults.push(`${file} is of no kind that is published`);
  }
  return faults;
}

function manifestFaults(manifest: Manifest, text: string): string[] {
  const faults: string[] = [];
  if (text.includes("workspace:")) faults.push("a range begins with workspace:, which only this repository knows");
  if (JSON.stringify(manifest.exports).includes("@sess/source"))
    faults.push("an export has a condition that leads to sources");
  if (manifest.license !== "BSD-3-Clause") faults.push(`license: ${manifest.license}`);
  if (manifest.engines?.node !== ">=20.19") faults.push(`engines.node: ${manifest.engines?.node}`);
  if (!manifest.description) faults.push("no description");
  if (!manifest.keywords?.length) faults.push("no keywords");
  if (!manifest.author) faults.push("no author");
  if (manifest.funding !== undefined) faults.push("funding, where there is none");
  const { repository } = manifest;
  if (!repository?.url || repository.directory !== `packages/${manifest.name.slice("@sess/".length)}`) {
    faults.push("no repository: npm run release puts it in");
  }
  if (manifest.name !== "@sess/core" && manifest.peerDependencies?.["@sess/core"] === undefined) {
    faults.push("core is no peer dependency: an application could get two");
  }
  if (manifest.dependencies?.["@sess/core"] !== undefined)
    faults.push("core is a dependency: an application could get two");
  for (const file of manifest.sideEffects ?? ["none"])
    if (file !== "./dist/index.js") faults.push(`sideEffects: ${file}`);
  return faults;
}

function exportFaults({ exports }: Manifest, files: ReadonlySet<string>): string[] {
  return Object.entries(exports).flatMap(([path, target]) => {
    const targets = typeof target === "string" ? [target] : Object.values(target);
    const missing = targets.filter((file) => !files.has(file.slice(2))).map((file) => `${path}: no ${file}`);
    if (typeof target === "string") return missing;
    const order = Object.keys(target).join();
    return order === "types,default" ? missing : [...missing, `${path}: the conditions are ${order}`];
  });
}

/** Files that are imported by a relative path must be in the tarball too. */
function importFaults(file: string, text: string, files: ReadonlySet<string>): string[] {
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*["'](\.{1,2}\/[^"'\n]+)["']/g)].map(
    (match) => match[1] ?? "",
  );
  const here = `file:///${file}`;
  return specifiers.flatMap((specifier) => {
    const path = new URL(specifier, here).pathname.slice(1);
    const wanted = file.endsWith(".d.ts") ? path.replace(/\.js$/, ".d.ts") : path;
    return files.has(wanted) ? [] : [`${file} imports ${specifier}, which is not there`];
  });
}

/**
 * A built-in module keeps its `node:` prefix. Without it, a package of that name would be used, and Deno and Workers
 * would find nothing.
 */
function prefixFaults(file: string, text: string): string[] {
  const specifiers = [...text.matchAll(/(?:\bfrom|\bimport|\brequire)\s*\(?\s*["']([\w/]+)["']/g)].map(
    ([, name = ""]) => name,
  );
  return [...new Set(specifiers)].filter(isBuiltin).map((name) => `${file} imports ${name} without node:`);
}

/** A link is absolute, or leads to a file of the tarball, and to a heading that is there. */
function linkFaults(file: string, texts: ReadonlyMap<string, string>, files: ReadonlySet<string>): string[] {
  return linksOf(texts.get(file) ?? "").flatMap(({ target, line }) => {
    const [path = "", anchor] = target.split("#");
    const to = path === "" ? file : posix.join(posix.dirname(file), decodeURIComponent(path));
    const at = `${file}:${line}: ${target}`;
    if (!files.has(to) && ![...files].some((each) => each.startsWith(`${to}/`))) return [`${at} is not in the tarball`];
    if (anchor === undefined || !texts.has(to)) return [];
    return anchorsOf(texts.get(to) ?? "").has(decodeURIComponent(anchor)) ? [] : [`${at} has no such heading`];
  });
}
