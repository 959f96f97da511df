/** What each colour becomes on a dark page; a colour that is not here is good on both. */
const dark: Readonly<Record<string, string>> = {
  "#1f1d1a": "#e7e5e4",
  "#0f766e": "#2dd4bf",
  "#c2703d": "#e8935c",
  "#d6d3d1": "#57534e",
  "#5eead4": "#115e59",
};

// Whoever shows it decides: the page's `color-scheme`, or else the reader's system. Attributes stay for what knows no CSS.
const style = `<style>@media (prefers-color-scheme: dark) {
text { fill: ${dark["#1f1d1a"]} }
${Object.entries(dark)
  .map(([light, other]) => `[fill="${light}"] { fill: ${other} } [stroke="${light}"] { stroke: ${other} }`)
  .join("\n")}
}</style>`;

/** A figure of SVG elements, without a background: on a light page and on a dark one. */
export function svg(width: number, height: number, label: string, elements: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
${style}
<g style="font: 13px system-ui, sans-serif; fill: #1f1d1a">
${elements.join("\n")}
</g>
</svg>
`;
}

/** A line of text, with attributes of SVG. */
export function text(x: number, y: number, content: string, attributes: Readonly<Record<string, string>> = {}): string {
  const escaped = content.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const given = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`);
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${given.join("")}>${escaped}</text>`;
}

export const bold = { "font-weight": "bold" } as const;
