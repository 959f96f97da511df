import { byLoad, type Measured } from "./report.js";
import { quartiles } from "./statistics.js";
import { bold, svg, text } from "./svg.js";

const colours = { ours: "#0f766e", floor: "#a8a29e", peer: "#c2703d", bare: "#d6d3d1", before: "#5eead4" } as const;
const row = 22;
const left = 190;
const width = 760;

/**
 * A picture for each size, and one with only ours and peers. Bars show the median, whiskers the quartiles; a set of
 * bars has one scale.
 */
export function plot(measured: readonly Measured[]): Map<string, string> {
  const sizes = [...new Set(measured.map(({ size }) => size))];
  const pictures = new Map(
    sizes.map((size) => [`requests-${size}`, picture(byLoad(measured.filter((each) => each.size === size)))]),
  );
  const common = sizes.includes(2048) ? 2048 : sizes[0];
  const spread = measured.filter(({ size, load }) => size === common && load.endsWith("spread"));
  const beside = byLoad(spread).filter((set) => set.some(({ role }) => role === "peer"));
  return pictures.set("peers", picture(beside));
}

function picture(sets: readonly (readonly Measured[])[]): string {
  let y = 10;
  const parts: string[] = [];
  for (const set of sets) {
    const [first] = set;
    if (first === undefined) continue;
    parts.push(text(10, y + 15, `${first.group}: ${first.load}`, bold));
    y += row + 4;
    const most = Math.max(...set.map(({ perSecond }) => quartiles(perSecond).upper));
    for (const each of set) {
      parts.push(...bar(each, most, y));
      y += row;
    }
    y += 14;
  }
  return svg(width, y, "Requests per second", parts);
}

function bar({ name, role, perSecond }: Measured, most: number, y: number): string[] {
  const { lower, median, upper } = quartiles(perSecond);
  const scale = (value: number) => (value / most) * (width - left - 90);
  const middle = y + row / 2;
  const whisker = `<path d="M${left + scale(lower)} ${middle}H${left + scale(upper)}" stroke="#1f1d1a" stroke-width="1.5"/>`;
  return [
    text(10, y + 15, name),
    `<rect x="${left}" y="${y + 3}" width="${scale(median).toFixed(1)}" height="${row - 6}" fill="${colours[role]}"/>`,
    whisker,
    text(left + scale(upper) + 8, y + 15, Math.round(median).toLocaleString("en")),
  ];
}
