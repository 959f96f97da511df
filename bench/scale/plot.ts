import { bold, svg, text } from "../svg.js";
import { type Comparison, type Figure, shown } from "./report.js";

const colours = { few: "#a8a29e", many: "#0f766e" } as const;
const row = 18;
const left = 190;
const width = 760;

/** For each operation a set of bars on one logarithmic scale: few sessions above, many below. */
export function plot(comparisons: readonly Comparison[], small: number, large: number): string {
  const parts = [
    text(
      10,
      20,
      `grey: ${small.toLocaleString("en")} sessions, green: ${large.toLocaleString("en")}; each set on a logarithmic scale`,
    ),
  ];
  let y = 40;
  for (const operation of new Set(comparisons.map((each) => each.operation))) {
    const set = comparisons.filter((each) => each.operation === operation);
    const length = scaleOf(set.flatMap(({ few, many }) => [few, many]));
    parts.push(text(10, y + 14, operation, bold));
    y += row + 4;
    for (const { name, few, many } of set) {
      parts.push(text(10, y + row + 4, name), ...bar(few, y, colours.few, length));
      parts.push(...bar(many, y + row, colours.many, length));
      y += 2 * row + 6;
    }
    y += 12;
  }
  return svg(width, y, "Few sessions and many", parts);
}

/** The shortest bar of a set is a tenth of the longest possible; each factor of ten adds the same length. */
function scaleOf(figures: readonly (Figure | undefined)[]): (figure: Figure) => number {
  const logs = figures.flatMap((figure) => (figure ? [Math.log10(Math.max(figure.value, 1e-3))] : []));
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const room = width - left - 90;
  return ({ value }) => {
    const part = (Math.log10(Math.max(value, 1e-3)) - least) / (most - least || 1);
    return room * (0.1 + 0.9 * part);
  };
}

function bar(figure: Figure | undefined, y: number, colour: string, length: (figure: Figure) => number): string[] {
  if (figure === undefined) return [];
  const end = length(figure);
  return [
    `<rect x="${left}" y="${y + 2}" width="${end.toFixed(1)}" height="${row - 3}" fill="${colour}"/>`,
    text(left + end + 8, y + 14, shown(figure)),
  ];
}
