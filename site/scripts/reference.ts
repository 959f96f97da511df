import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { root } from "./source.js";

export interface ReferencePage {
  readonly path: string;
  readonly title: string;
  readonly text: string;
}

interface Manifest {
  readonly name: string;
  readonly publishConfig: { readonly exports: Readonly<Record<string, string | { readonly types: string }>> };
}

const link = /\{@link\s+([^}|\s]+)[^}]*\}/g;

/** A page for each entry of each package: what it exports, with the comments of the declarations that were built. */
export function referencePages(): ReferencePage[] {
  return readdirSync(join(root, "packages"))
    .sort()
    .flatMap((name) => {
      const folder = join(root, "packages", name);
      const { name: published, publishConfig } = JSON.parse(
        readFileSync(join(folder, "package.json"), "utf8"),
      ) as Manifest;
      return Object.entries(publishConfig.exports).flatMap(([subpath, target]) => {
        if (typeof target === "string") return [];
        const file = join(folder, target.types);
        if (!existsSync(file)) throw new Error(`${target.types} of ${published} is missing: npm run build`);
        const title = published + subpath.slice(1);
        return [
          {
            title,
            path: `api/${name}${subpath.slice(1).replaceAll("/", "-").replace("-", "/")}`,
            text: page(title, file),
          },
        ];
      });
    });
}

function page(title: string, file: string): string {
  const program = ts.createProgram([file], {
    module: ts.ModuleKind.NodeNext,
    skipLibCheck: true,
    noLib: true,
    types: [],
  });
  const checker = program.getTypeChecker();
  const entry = program.getSourceFile(file);
  const module = entry && checker.getSymbolAtLocation(entry);
  if (module === undefined) throw new Error(`${file} is no module`);
  const sections = checker.getExportsOfModule(module).map((symbol) => {
    const meant = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return section(symbol.name, meant, checker, dirname(file));
  });
  const frontmatter = `---\ntitle: ${JSON.stringify(`API of ${title}`)}\n---\n\n# ${title}\n\n`;
  return `${frontmatter}What this entry exports, as its declarations say it.\n\n${sections.sort().join("\n")}`;
}

function section(name: string, symbol: ts.Symbol, checker: ts.TypeChecker, home: string): string {
  const nodes = (symbol.declarations ?? []).filter((node) => node.getSourceFile().fileName.startsWith(home));
  const said = prose(ts.displayPartsToString(symbol.getDocumentationComment(checker)));
  const code = nodes.map((node) => declaration(ts.isVariableDeclaration(node) ? node.parent.parent : node)).join("\n");
  return `## ${name}\n\n${said}\n\n\`\`\`ts\n${code}\n\`\`\`\n`;
}

/** As it was built, without what only a compiler needs. */
function declaration(node: ts.Node): string {
  const lines = node
    .getText()
    .replace(/^(export )?(default )?(declare )?/, "")
    .split("\n");
  const shown = lines.filter((line) => !/^\s*(#private|private )/.test(line));
  return shown.join("\n").replace(link, "$1");
}

/** A comment as Markdown: `{@link x}` is the name, and what only looks like HTML is text. Code blocks show it as it is. */
function prose(comment: string): string {
  const parts = comment.split(/^(```.*?^```)/ms);
  return parts
    .map((part) => (part.startsWith("```") ? part : part.replace(link, "`$1`").replace(/<(?=[a-z])/gi, "&lt;")))
    .join("");
}
