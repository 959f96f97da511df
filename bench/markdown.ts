/** A table under its title, and under that what has to be known to read it. Nothing where there are no rows. */
export function section(
  title: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
  note?: string,
): string {
  if (rows.length === 0) return "";
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return ["", `**${title}**`, "", ...lines, ...(note === undefined ? [] : ["", note])].join("\n");
}
