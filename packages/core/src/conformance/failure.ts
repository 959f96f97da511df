import type { Rule } from "./rules.js";

const guide = "@sess/core/docs/writing-a-provider.md";

/** The case a finding is about. */
export interface Subject {
  readonly id: string;
  readonly rule: Rule;
  readonly title: string;
  readonly guide: string;
}

/** What a {@link ConformanceFailure} says. */
export interface Finding extends Subject {
  /** What was done or checked. */
  readonly what: string;
  readonly expected: string;
  readonly came: string;
}

/** A provider broke a rule. The message names the rule, the expected and the actual value, and what to read. */
export class ConformanceFailure extends Error {
  readonly id: string;
  readonly rule: Rule;

  constructor(finding: Finding, options?: { readonly cause?: unknown }) {
    const lines = [
      `${finding.rule} is broken [${finding.id}]: ${finding.title}`,
      `  at:       ${finding.what}`,
      `  expected: ${finding.expected}`,
      `  came:     ${finding.came}`,
      `  read:     ${guide}${finding.guide}`,
    ];
    super(lines.join("\n"), options);
    this.name = "ConformanceFailure";
    this.id = finding.id;
    this.rule = finding.rule;
  }
}

/**
 * A value as a failure shows it: on one line, shortened if it is long, and in ASCII so that similar characters differ.
 */
export function show(value: unknown): string {
  if (value === undefined) return "undefined";
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  const text = JSON.stringify(value, (_, part) => (typeof part === "string" ? shorten(part) : part)) ?? String(value);
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Two texts around the first place where they differ. */
export function showDifference(expected: string, came: string): readonly [expected: string, came: string] {
  let place = 0;
  while (place < expected.length && expected[place] === came[place]) place += 1;
  const from = Math.max(0, place - 20);
  const part = (text: string) => `${text.length} units, at ${from}: ${show(text.slice(from, from + 60))}`;
  return [part(expected), part(came)];
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 100)}... (${text.length} units)`;
}
