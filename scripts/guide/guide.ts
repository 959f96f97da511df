import { readFile } from "node:fs/promises";
import { join } from "node:path";

export const root = join(import.meta.dirname, "..", "..");
export const guidePath = "packages/core/docs/writing-a-provider.md";

/** What a reader of the guide does next. */
export type Step =
  | { readonly kind: "command"; readonly line: string }
  /** A fenced block that names a file. */
  | { readonly kind: "file"; readonly path: string; readonly text: string }
  /** What the last command is said to print. */
  | { readonly kind: "output"; readonly text: string };

export interface Guide {
  readonly text: string;
  readonly steps: readonly Step[];
  /** Of its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
  /** Lines of the files that make up the provider's package: those before it is packed. */
  readonly lines: number;
  readonly commands: number;
}

export async function readGuide(): Promise<Guide> {
  const text = await readFile(join(root, guidePath), "utf8");
  const steps = [...text.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].flatMap(([, language, name, body = ""]) =>
    stepsOf(language, name, body),
  );
  const prose = text.replace(/^```.*?^```$/gms, "");
  const headings = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) => heading);
  const packed = steps.findIndex((step) => step.kind === "command" && step.line.startsWith("npm pack"));
  const files = steps.slice(0, packed).filter((step) => step.kind === "file");
  return {
    text,
    steps,
    anchors: new Set(headings.map(anchorOf)),
    lines: files.reduce((sum, file) => sum + file.text.trimEnd().split("\n").length, 0),
    commands: steps.filter(({ kind }) => kind === "command").length,
  };
}

function stepsOf(language: string | undefined, name: string | undefined, body: string): Step[] {
  if (language === "sh") {
    const lines = body.trimEnd().split("\n");
    return lines.map((line) => ({ kind: "command", line }));
  }
  if (language === "text") return name === undefined ? [{ kind: "output", text: body.trimEnd() }] : [];
  return name === undefined ? [] : [{ kind: "file", path: name, text: body }];
}

function anchorOf(heading: string): string {
  return `#${heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, "")
    .replaceAll(" ", "-")}`;
}
