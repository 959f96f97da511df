import { byLoad, type Measured } from "./report.js";
import { quartiles } from "./statistics.js";

const colours = { ours: "#0f766e", floor: "#a8a29e", peer: "#c2703d" } as const;
const row = 22;
const left = 190;
const width = 760;

/** A picture for each size: bars of the median, whiskers from quartile to quartile, one scale within a set of bars. */
export function plot(measured: readonly Measured[]): Map<string, string> {
  const sizes = [...new Set(measured.map(({ size }) => size))];
  return new Map(
    sizes.map((size) => [`requests-${size}`, picture(byLoad(measured.filter((each) => each.size === size)))]),
  );
}

function picture(sets: readonly (readonly Measured[])[]): string {
  let y = 10;
  const parts: string[] = [];
  for (const set of sets) {
    const [first] = set;
    if (first === undefined) continue;
    parts.push(text(10, y + 15, `${first.group}: ${first.load}`, "bold"));
    y += row + 4;
    const most = Math.max(...set.map(({ perSecond }) => quartiles(perSecond).upper));
    for (const each of set) {
      parts.push(...bar(each, most, y));
      y += row;
    }
    y += 14;
  }
  const style = "font: 13px system-ui, sans-serif; fill: #1f1d1a";
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}" height="${y}" role="img" aria-label="Requests per second">
<rect width="100%" height="100%" fill="#fff"/>
<g style="${style}">
${parts.join("\n")}
</g>
</svg>
`;
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

function text(x: number, y: number, content: string, weight = "normal"): string {
  const escaped = content.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y}" font-weight="${weight}">${escaped}</text>`;
}
