import { readFileSync } from "node:fs";
import ts from "typescript";

export interface Import {
  /** Undefined when it is computed. */
  readonly specifier: string | undefined;
  /** From 1. */
  readonly line: number;
}

/** Everything a TypeScript file imports, in whatever form: statements, `import()`, types, `require`, directives. */
export function importsOf(path: string): Import[] {
  const source = ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest);
  const found: Import[] = [];
  const add = (specifier: string | undefined, position: number) => {
    found.push({ specifier, line: source.getLineAndCharacterOfPosition(position).line + 1 });
  };
  const visit = (node: ts.Node): void => {
    const specifier = specifierIn(node);
    if (specifier) add(ts.isStringLiteralLike(specifier) ? specifier.text : undefined, specifier.getStart(source));
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const { fileName, pos } of source.referencedFiles) add(`./${fileName}`, pos);
  for (const { fileName, pos } of source.typeReferenceDirectives)
    add(`${fileName === "node" ? "node:" : ""}${fileName}`, pos);
  return found;
}

function specifierIn(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node)) return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
  if (!ts.isCallExpression(node)) return undefined;
  const { expression } = node;
  const imports =
    expression.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(expression) && expression.text === "require");
  return imports ? node.arguments[0] : undefined;
}
