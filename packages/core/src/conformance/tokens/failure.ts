import type { TokenRule } from "./rules.js";

const docs = "@sess/core/docs";

/** Most sections are in the page about token providers; the others are about both kinds. */
function sectionOf(anchor: string): string {
  return `${docs}/writing-a-${anchor.startsWith("#token") ? "token-" : ""}provider.md${anchor}`;
}

/** What a {@link TokenConformanceFailure} says. */
export interface TokenFinding {
  readonly id: string;
  readonly rule: TokenRule;
  readonly title: string;
  readonly guide: string;
  /** What was done or checked. */
  readonly what: string;
  readonly expected: string;
  readonly came: string;
}

/** A token provider broke a rule. The message names the rule, the expected and the actual value, and what to read. */
export class TokenConformanceFailure extends Error {
  readonly id: string;
  readonly rule: TokenRule;

  constructor(finding: TokenFinding, options?: { readonly cause?: unknown }) {
    const lines = [
      `${finding.rule} is broken [${finding.id}]: ${finding.title}`,
      `  at:       ${finding.what}`,
      `  expected: ${finding.expected}`,
      `  came:     ${finding.came}`,
      `  read:     ${sectionOf(finding.guide)}`,
    ];
    super(lines.join("\n"), options);
    this.name = "TokenConformanceFailure";
    this.id = finding.id;
    this.rule = finding.rule;
  }
}
