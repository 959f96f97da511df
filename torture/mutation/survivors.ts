import { handMade } from "./by-hand.js";
import type { Mutant } from "./mutants.js";

/** Whether the kit noticed: a test failed, or the run did not end. */
export function isKilled({ status }: Mutant): boolean {
  return status === "Killed" || status === "Timeout";
}

export function survives({ status }: Mutant): boolean {
  return status === "Survived" || status === "NoCoverage";
}

/** The mutants that the kit did not notice, as lines of a list. These have no line numbers. */
export function survivorLines(
  mutants: readonly Mutant[],
  folder: string,
  sourceOf: (path: string) => string,
): Map<string, number> {
  const lines = new Map<string, number>();
  for (const mutant of mutants.filter(survives)) {
    const line = lineOf(mutant, folder, sourceOf);
    lines.set(line, (lines.get(line) ?? 0) + 1);
  }
  return new Map([...lines].map(([line, times]) => [times === 1 ? line : `${line} (${times} times)`, times]));
}

/** The mutations by hand that survived, likewise. */
export function handLines(subject: string, killed: readonly boolean[]): string[] {
  const { language = "", mutations = [] } = handMade[subject] ?? {};
  const surviving = mutations.filter((_, number) => killed[number] === false);
  return surviving.map(({ from, to }) => `- ${language} ${code(from)} becomes ${code(to)}`);
}

/** A line of a list of survivors: the file, the source line in which it begins, the original, and the replacement. */
function lineOf(mutant: Mutant, folder: string, sourceOf: (path: string) => string): string {
  const [path = "", name = ""] = mutant.fileName.match(new RegExp(`^.*${folder}(.*)$`)) ?? [];
  const source = sourceOf(path).split("\n");
  const { start, end } = mutant.location;
  const first = source[start.line - 1] ?? "";
  const taken = source.slice(start.line - 1, end.line);
  taken.push((taken.pop() ?? "").slice(0, end.column - 1));
  const original = taken.join("\n").slice(start.column - 1);
  return `- ${code(name)} ${code(first)}: ${code(original)} becomes ${code(mutant.replacement ?? "")}`;
}

/** On one line, short enough to read, and without characters that end inline code in Markdown. */
function code(text: string): string {
  const flat = text.replace(/\s+/g, " ").replaceAll("`", "'").trim();
  if (flat === "") return "nothing";
  return `\`${flat.length <= 110 ? flat : `${flat.slice(0, 80)} … ${flat.slice(-25)}`}\``;
}

/** A list as it is checked in: below each heading, a reason, and below each reason the survivors that it explains. */
export interface SurvivorList {
  /** The heading of each line. */
  readonly headings: ReadonlyMap<string, string>;
  /** Lines without a reason above them, or that are there twice. */
  readonly faults: readonly string[];
}

export function parseList(text: string, isAsked: (line: string) => boolean = () => true): SurvivorList {
  const headings = new Map<string, string>();
  const faults: string[] = [];
  let [heading, reason] = ["", ""];
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) [heading, reason] = [line.replace(/^#+ /, ""), ""];
    else if (!line.startsWith("- ")) reason = line === "" ? reason : line;
    else {
      if (reason === "" || headings.has(line)) faults.push(line);
      if (isAsked(line)) headings.set(line, heading);
    }
  }
  return { headings, faults };
}

/** What must change in the list; empty if it is right. */
export function differences(came: ReadonlyMap<string, number>, { headings, faults }: SurvivorList): string[] {
  return [
    ...[...came.keys()]
      .filter((line) => !headings.has(line))
      .map((line) => `survives and is not in the list:\n${line}`),
    ...[...headings.keys()].filter((line) => !came.has(line)).map((line) => `is in the list and is killed:\n${line}`),
    ...faults.map((line) => `stands in the list without a reason, or twice:\n${line}`),
  ];
}
