import { section } from "../markdown.js";
import { quartiles } from "../statistics.js";
import type { Size } from "./bundle.js";
import type { Imported } from "./contenders.js";

/** Of one process. */
export interface Sample {
  readonly milliseconds: number;
  readonly heapUsed: number;
  readonly rss: number;
}

export interface Import extends Imported {
  readonly samples: Sample[];
}

export interface Bundle {
  readonly name: string;
  readonly whole: Size;
  /** With the drivers left outside. */
  readonly without: Size;
}

/** Everything as Markdown. The first of the imports is the process that imports nothing. */
export function report(imports: readonly Import[], bundles: readonly Bundle[]): string {
  const [nothing, ...others] = imports;
  const of = (each: Import | undefined, key: keyof Sample) => quartiles((each?.samples ?? []).map((one) => one[key]));
  const imported = others.map((each) => {
    const { lower, median, upper } = of(each, "milliseconds");
    const added = (["heapUsed", "rss"] as const).map((key) => of(each, key).median - of(nothing, key).median);
    return [each.name, `${median.toFixed(1)} (${lower.toFixed(1)} to ${upper.toFixed(1)})`, ...added.map(kilobytes)];
  });
  const bundled = bundles.map(({ name, whole, without }) => {
    const driverless = without.gzipped === whole.gzipped ? "" : kilobytes(without.gzipped);
    return [name, kilobytes(whole.minified), kilobytes(whole.gzipped), driverless];
  });
  const [heap, rss] = (["heapUsed", "rss"] as const).map((key) => kilobytes(of(nothing, key).median));
  const note = `A process that imports nothing has ${heap} of heap and ${rss} of RSS.`;
  return [
    section("Imports", ["import", "ms (quartiles)", "heap added", "RSS added"], imported, note),
    section("Bundles", ["bundle", "minified", "gzipped", "gzipped without drivers"], bundled),
  ].join("\n");
}

function kilobytes(bytes: number): string {
  return `${Math.round(bytes / 1024).toLocaleString("en")} KB`;
}
