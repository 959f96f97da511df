import { dirname } from "node:path";
import ts from "typescript";

const options: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
  types: ["node"],
  skipLibCheck: true,
};
// The libraries are read once for all entries.
const host = ts.createCompilerHost(options);
const files = new Map<string, ts.SourceFile | undefined>();
const readSource = host.getSourceFile;
host.getSourceFile = (name, ...rest) => {
  if (!files.has(name)) files.set(name, readSource(name, ...rest));
  return files.get(name);
};
const printer = ts.createPrinter({ removeComments: true });

/** What an entry's declarations promise, sorted, without comments: exports, what these mention, and augmentations. */
export function apiReport(name: string, file: string): string {
  const program = ts.createProgram([file], options, host);
  const checker = program.getTypeChecker();
  const entry = program.getSourceFile(file);
  const module = entry && checker.getSymbolAtLocation(entry);
  if (entry === undefined || module === undefined) throw new Error(`${file} is no module`);
  const home = dirname(file);
  const isOurs = (node: ts.Node) => node.getSourceFile().fileName.startsWith(`${home}/`);
  const exported = checker.getExportsOfModule(module).map((symbol) => [symbol.name, target(symbol, checker)] as const);
  const known = new Set(exported.map(([, symbol]) => symbol));
  const mentioned = mentions([...known], checker, isOurs).filter((symbol) => !known.has(symbol));
  const sections = [
    section(
      "Exports",
      exported.map(([as, symbol]) => declarationsOf(symbol, isOurs, as)),
    ),
    section(
      "Mentioned, not exported",
      mentioned.map((symbol) => declarationsOf(symbol, isOurs)),
    ),
    section("Augmentations", augmentations(program, entry, home)),
  ];
  return `# ${name}\n\nMade by \`npx tsx scripts/checks/api.ts --write\`: what the declarations say, without comments.\n${sections.join("")}`;
}

function target(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** A `const` is declared in a list, and the list must be printed. */
function statementOf(node: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(node) ? node.parent.parent : node;
}

function declarationsOf(symbol: ts.Symbol, isOurs: (node: ts.Node) => boolean, as = symbol.name): string {
  const declarations = symbol.declarations ?? [];
  const texts = declarations.filter(isOurs).map((node) => print(statementOf(node)));
  if (texts.length === 0) return `// ${as}: from elsewhere`;
  return [...(as === symbol.name ? [] : [`// ${symbol.name}, exported as ${as}`]), ...texts].join("\n");
}

/** Without private members, `export` and `declare`: where a bundler puts these words is not part of the API. */
function print(node: ts.Node): string {
  const shown = ts.transform(node, [withoutPrivates]).transformed[0] ?? node;
  const text = printer.printNode(ts.EmitHint.Unspecified, shown, node.getSourceFile());
  return text.replace(/^(export )?(default )?(declare )?/, "").trim();
}

const withoutPrivates: ts.TransformerFactory<ts.Node> = (context) => (root) => {
  if (!ts.isClassDeclaration(root)) return root;
  const members = root.members.filter((member) => !isPrivate(member));
  const { modifiers, name, typeParameters, heritageClauses } = root;
  return context.factory.updateClassDeclaration(root, modifiers, name, typeParameters, heritageClauses, members);
};

function isPrivate(member: ts.ClassElement): boolean {
  if (member.name !== undefined && ts.isPrivateIdentifier(member.name)) return true;
  return (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;
}

/** Every symbol of ours that the declarations refer to: its shape is public even if its name is not exported. */
function mentions(
  from: readonly ts.Symbol[],
  checker: ts.TypeChecker,
  isOurs: (node: ts.Node) => boolean,
): ts.Symbol[] {
  const found = new Set(from);
  for (const symbol of found) for (const node of (symbol.declarations ?? []).filter(isOurs)) look(statementOf(node));
  return [...found];

  function look(node: ts.Node): void {
    if (ts.isIdentifier(node)) {
      const symbol = checker.getSymbolAtLocation(node);
      const meant = symbol && target(symbol, checker);
      if (meant?.declarations?.some((one) => isOurs(one) && isTopLevel(one))) found.add(meant);
    }
    ts.forEachChild(node, look);
  }
}

function isTopLevel(node: ts.Declaration): boolean {
  return ts.isSourceFile(statementOf(node).parent);
}

/** Declarations in other modules, or global ones, by our files that the entry includes. */
function augmentations(program: ts.Program, entry: ts.SourceFile, home: string): string[] {
  const files = program.getSourceFiles().filter((file) => file === entry || file.fileName.startsWith(`${home}/`));
  return files.flatMap((file) => file.statements.filter(ts.isModuleDeclaration).filter(isAugmentation).map(print));
}

function isAugmentation({ name, flags }: ts.ModuleDeclaration): boolean {
  return ts.isStringLiteral(name) || (flags & ts.NodeFlags.GlobalAugmentation) !== 0;
}

function section(title: string, texts: readonly string[]): string {
  return texts.length === 0 ? "" : `\n## ${title}\n\n\`\`\`text\n${[...texts].sort().join("\n\n")}\n\`\`\`\n`;
}
