import { section } from "../markdown.js";

/** The result of one operation. */
export interface Figure {
  readonly operation: string;
  readonly unit: "B" | "us" | "ms" | "s";
  readonly value: number;
  /** What else is known, in the same unit; `sessions` is a number of them. */
  readonly more?: Readonly<Record<string, number>>;
}

/** One contender with a number of sessions. */
export interface Measured {
  readonly name: string;
  readonly sessions: number;
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly figures: readonly Figure[];
}

/** One operation of one contender, with few sessions and with many. */
export interface Comparison {
  readonly name: string;
  readonly operation: string;
  readonly few: Figure | undefined;
  readonly many: Figure | undefined;
}

export function compare(measured: readonly Measured[], small: number, large: number): Comparison[] {
  const names = [...new Set(measured.map(({ name }) => name))];
  return names.flatMap((name) => {
    const [few = [], many = []] = [small, large].map(
      (size) => measured.find((each) => each.name === name && each.sessions === size)?.figures,
    );
    const operations = [...new Set([...few, ...many].map(({ operation }) => operation))];
    const of = (figures: readonly Figure[], wanted: string) => figures.find(({ operation }) => operation === wanted);
    return operations.map((operation) => ({
      name,
      operation,
      few: of(few, operation),
      many: of(many, operation),
    }));
  });
}

/** Everything as Markdown, a table for each contender. */
export function tables(comparisons: readonly Comparison[], small: number, large: number): string {
  const head = [
    "operation",
    `${small.toLocaleString("en")} sessions`,
    `${large.toLocaleString("en")} sessions`,
    "ratio",
  ];
  const names = [...new Set(comparisons.map(({ name }) => name))];
  return names
    .map((wanted) => {
      const rows = comparisons.filter(({ name }) => name === wanted).map((each) => line(each));
      return section(wanted, head, rows);
    })
    .join("\n");
}

function line({ operation, few, many }: Comparison): string[] {
  const ratio = few && many && few.value > 0 ? (many.value / few.value).toFixed(2) : "";
  return [operation, cell(few), cell(many), ratio];
}

/** A value as people read it. */
export function shown({ value, unit }: Figure): string {
  return `${rounded(value)} ${unit}`;
}

function cell(figure: Figure | undefined): string {
  if (figure === undefined) return "";
  const more = Object.entries(figure.more ?? {}).map(([what, value]) => `${what} ${rounded(value)}`);
  return more.length === 0 ? shown(figure) : `${shown(figure)} (${more.join(", ")})`;
}

function rounded(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 });
}
