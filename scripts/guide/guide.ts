import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { anchorsOf, type Block, blocksOf } from "../checks/markdown.js";

export const root = join(import.meta.dirname, "..", "..");
export const guidePath = "packages/core/docs/writing-a-provider.md";

/** What a reader of the guide does next. */
export type Step =
  | { readonly kind: "command"; readonly line: string }
  /** A fenced block that names a file. */
  | { readonly kind: "file"; readonly path: string; readonly text: string }
  /** What the last command should print. */
  | { readonly kind: "output"; readonly text: string };

export interface Guide {
  readonly text: string;
  readonly steps: readonly Step[];
  /** Of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
  /** The number of lines in the files of the provider's package, before it is packed. */
  readonly lines: number;
  readonly commands: number;
}

export async function readGuide(): Promise<Guide> {
  const text = await readFile(join(root, guidePath), "utf8");
  const steps = blocksOf(text).flatMap(stepsOf);
  const packed = steps.findIndex((step) => step.kind === "command" && step.line.startsWith("npm pack"));
  const files = steps.slice(0, packed).filter((step) => step.kind === "file");
  return {
    text,
    steps,
    anchors: new Set([...anchorsOf(text)].map((anchor) => `#${anchor}`)),
    lines: files.reduce((sum, file) => sum + file.text.trimEnd().split("\n").length, 0),
    commands: steps.filter(({ kind }) => kind === "command").length,
  };
}

function stepsOf({ language, name, text }: Block): Step[] {
  if (language === "sh") {
    const lines = text.trimEnd().split("\n");
    return lines.map((line) => ({ kind: "command", line }));
  }
  if (language === "text") return name === "" ? [{ kind: "output", text: text.trimEnd() }] : [];
  return name === "" ? [] : [{ kind: "file", path: name, text }];
}
