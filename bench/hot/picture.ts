import { quartiles } from "../statistics.js";
import { svg, text } from "../svg.js";
import { kinds, type Point } from "./measure.js";

const colours = { read: "#0f766e", write: "#c2703d" } as const;
const [end, middle] = [{ "text-anchor": "end" }, { "text-anchor": "middle" }];
const [width, height, left, top, bottom] = [250, 200, 60, 30, 40];

/** Requests per second over the number of processes, a panel for each provider: medians, whiskers to the quartiles. */
export function picture(points: readonly Point[]): string {
  const names = [...new Set(points.map(({ name }) => name))];
  const panels = names.map((name, n) => {
    const own = points.filter((point) => point.name === name);
    return `<g transform="translate(${n * (left + width)} 0)">\n${panel(name, own).join("\n")}\n</g>`;
  });
  const [w, h] = [names.length * (left + width) + 20, top + height + bottom];
  return svg(w, h, "Requests per second of several processes on one session", panels);
}

function panel(name: string, points: readonly Point[]): string[] {
  const most = Math.max(...points.map(({ perSecond }) => quartiles(perSecond).upper));
  const last = Math.max(...points.map(({ processes }) => processes));
  const x = (processes: number) => left + ((processes - 0.5) / last) * width;
  const y = (rate: number) => top + height * (1 - rate / most);
  const parts = [
    text(left, 18, name),
    `<path d="M${left} ${top}V${top + height}H${left + width}" fill="none" stroke="#a8a29e"/>`,
    text(left - 6, top + 5, Math.round(most).toLocaleString("en"), end),
    text(left - 6, top + height, "0", end),
  ];
  for (let processes = 1; processes <= last; processes++) {
    parts.push(text(x(processes), top + height + 18, String(processes), middle));
  }
  parts.push(text(left + width / 2, top + height + 34, "processes", middle));
  for (const kind of kinds) {
    const line = points
      .filter((point) => point.kind === kind)
      .map((point) => ({ ...point, ...quartiles(point.perSecond) }));
    const path = line.map(({ processes, median }) => `${x(processes)},${y(median).toFixed(1)}`).join(" ");
    const whiskers = line.map(
      ({ processes, lower, upper }) => `M${x(processes)} ${y(lower).toFixed(1)}V${y(upper).toFixed(1)}`,
    );
    parts.push(`<polyline points="${path}" fill="none" stroke="${colours[kind]}" stroke-width="2"/>`);
    parts.push(`<path d="${whiskers.join("")}" stroke="${colours[kind]}" stroke-width="1.5"/>`);
    const point = line.at(-1);
    if (point !== undefined) parts.push(text(x(point.processes) + 6, y(point.median) - 6, kind));
  }
  return parts;
}
