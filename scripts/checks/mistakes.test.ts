import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

// TypeScript's message about a mistake in a configuration must name the mistake.

const root = join(import.meta.dirname, "..", "..");
const head = ["core", "file", "redis", "mysql", "cookie"].map(
  (name) => `import "../../packages/${name}/src/index.js";`,
);
const lead = `${head.join(" ")} import { createManager } from "../../packages/core/src/index.js";\n`;

/** Each line's first error, to its end. */
function errorsOf(lines: readonly string[]): string[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.base.json"), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  const host = ts.createCompilerHost(options);
  const file = join(import.meta.dirname, "mistakes-of-somebody.ts");
  const text = lead + lines.map((line) => `void ${line};`).join("\n");
  const { fileExists, getSourceFile } = host;
  host.fileExists = (name) => name === file || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest);
  const program = ts.createProgram([file], options, host);
  const source = program.getSourceFile(file);
  const found = program.getSemanticDiagnostics(source);
  return lines.map((_, at) => {
    const about = found.find(({ start }) => source?.getLineAndCharacterOfPosition(start ?? 0).line === at + 1);
    return about === undefined ? "" : ts.flattenDiagnosticMessageText(about.messageText, "\n");
  });
}

const mistakes: readonly (readonly [line: string, says: string])[] = [
  ['createManager("memory", { cookieNam: "x" })', "Did you mean to write 'cookieName'?"],
  ['createManager("memory", { cookieName: 3 })', "Type 'number' is not assignable to type 'string'"],
  ['createManager("memory", { providerConfig: { maxSession: 3 } })', "Did you mean to write 'maxSessions'?"],
  ['createManager("redis", { providerConfig: { urll: "x" } })', "'urll' does not exist in type"],
  ['createManager<{ user: string }>("redis", { providerConfig: { urll: "x" } })', "'urll' does not exist in type"],
  [
    'createManager("cookie", { providerConfig: { keyz: "x" } })',
    "'{ keyz: string; }' is not assignable to type 'string | CookieConfig'",
  ],
  ['createManager("file")', "Source has 1 element(s) but target requires 2"],
  ['createManager("file", {})', "Property 'providerConfig' is missing"],
  ['createManager("cookie", { cookieName: "x" })', "Property 'providerConfig' is missing"],
  ['createManager("sqlight", {})', "'\"sqlight\"' is not assignable to type"],
];
const sound = [
  "createManager(process.env.STORE ?? 'memory', { cookieName: 'x' })",
  "createManager<{ user: string }, string>(process.env.STORE ?? 'memory', { providerConfig: 'x' })",
  "createManager(process.env.STORE ?? 'memory', '{}')",
  'createManager("redis")',
  'createManager<{ user: string }>("file", { providerConfig: "sessions" })',
];

test("each mistake is said where it was made, and what is right compiles", { timeout: 240_000 }, () => {
  const errors = errorsOf([...mistakes.map(([line]) => line), ...sound]);
  for (const [at, [line, says]] of mistakes.entries()) expect(errors[at], line).toContain(says);
  expect(errors.slice(mistakes.length)).toEqual(sound.map(() => ""));
});
