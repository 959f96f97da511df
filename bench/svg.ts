/** A figure of SVG elements on white. */
export function svg(width: number, height: number, label: string, elements: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">
<rect width="100%" height="100%" fill="#fff"/>
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
