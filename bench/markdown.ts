import type { Quartiles } from "./statistics.js";

/** A table under its title, followed by what a reader must know about it. Empty if there are no rows. */
export function section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  note?: string,
): string {
  if (rows.length === 0) return "";
  return ["", `**${title}**`, "", table(head, rows), ...(note === undefined ? [] : ["", note])].join("\n");
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** A ratio's median, and its quartiles. */
export function shown({ median, lower, upper }: Quartiles): string {
  return `${median.toFixed(2)} (${lower.toFixed(2)} to ${upper.toFixed(2)})`;
}

/** By the lower quartile. */
export function verdict({ lower }: Quartiles, goal: number): string {
  return `${lower >= goal ? "reached" : "**short of**"} ${goal}`;
}
