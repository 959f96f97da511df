import { pathToFileURL } from "node:url";
import ts from "typescript";

/** Names about which an entry's declarations and its module disagree: missing values and undeclared values. */
export async function valueFaults(declarations: string, module: string): Promise<string[]> {
  const said = declaredValues(declarations);
  const there = Object.keys((await import(pathToFileURL(module).href)) as object);
  return [
    ...said.filter((name) => !there.includes(name)).map((name) => `${name} is declared as a value, and there is none`),
    ...there.filter((name) => !said.includes(name)).map((name) => `${name} is a value that is not declared`),
  ];
}

/** What the declarations promise at run time. A class that is exported as a type is not a value. */
export function declaredValues(file: string): string[] {
  const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, noLib: true };
  const program = ts.createProgram([file], { ...options, types: [], skipLibCheck: true });
  const checker = program.getTypeChecker();
  const entry = program.getSourceFile(file);
  const module = entry && checker.getSymbolAtLocation(entry);
  if (module === undefined) throw new Error(`${file} is no module`);
  return checker
    .getExportsOfModule(module)
    .filter((symbol) => !(symbol.declarations ?? []).some(isTypeOnly))
    .filter((symbol) => (aliased(symbol, checker).flags & ts.SymbolFlags.Value) !== 0)
    .map(({ name }) => name);
}

function isTypeOnly(node: ts.Declaration): boolean {
  return ts.isExportSpecifier(node) && (node.isTypeOnly || node.parent.parent.isTypeOnly);
}

function aliased(symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}
