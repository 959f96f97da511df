/** The order of the site. A file that is not named here appears by itself in the first group whose pattern it fits. */
export interface Group {
  readonly title: string;
  readonly files: readonly string[];
  /** Further files of the group: their paths, in alphabetical order. */
  readonly also?: RegExp;
}

export const groups: readonly Group[] = [
  { title: "Begin", files: ["site/pages/first-session.md", "site/pages/choosing-a-provider.md"] },
  { title: "Your framework", files: ["packages/core/docs/frameworks.md"] },
  { title: "Recipes", files: ["packages/core/docs/recipes.md"] },
  {
    title: "How it behaves",
    files: [
      "site/pages/lifetimes.md",
      "site/pages/concurrency.md",
      "site/pages/guarantees.md",
      "packages/core/docs/signing-out-everywhere.md",
      "site/pages/schemas.md",
      "site/pages/comparison.md",
    ],
  },
  {
    title: "In production",
    files: [
      "site/pages/deployment.md",
      "packages/core/docs/edge.md",
      "SECURITY.md",
      "site/pages/sizing.md",
      "site/pages/monitoring.md",
      "site/pages/command.md",
    ],
  },
  {
    title: "Help",
    files: [
      "site/pages/troubleshooting.md",
      "site/pages/errors.md",
      "packages/core/docs/answers.md",
      "site/pages/testing.md",
    ],
    also: /^packages\/[^/]+\/docs\/(?!coming-from-|writing-)/,
  },
  {
    title: "Coming from",
    files: ["packages/core/docs/coming-from-express-session.md", "site/pages/coming-from-beego.md"],
    also: /^packages\/[^/]+\/docs\/coming-from-/,
  },
  {
    title: "Providers",
    files: ["packages/file/README.md", "packages/redis/README.md"],
    also: /^packages\/(?!core\/)[^/]+\/README\.md$/,
  },
  {
    title: "Writing a provider",
    files: [
      "packages/core/docs/writing-a-provider.md",
      "site/pages/for-provider-authors.md",
      "site/pages/conformance.md",
    ],
    also: /^packages\/[^/]+\/docs\/writing-/,
  },
  {
    title: "Reference",
    files: ["packages/core/README.md", "site/pages/api.md", "GLOSSARY.md", "bench/figures/README.md"],
  },
  {
    title: "Contributing",
    files: ["CONTRIBUTING.md", "ARCHITECTURE.md", "site/pages/decisions.md", "bench/README.md", "bench/NOTES.md"],
  },
];

/** Pages beside the navigation's: they are reached from a list. */
export const listed = /^packages\/[^/]+\/decisions\/[^/]+\.md$/;

/** Each section of the second level is a page of its own. */
export const split: ReadonlySet<string> = new Set([
  "packages/core/docs/frameworks.md",
  "packages/core/docs/recipes.md",
]);

/** What a title is called where there is little room. */
export const short: Readonly<Record<string, string>> = {
  "Frameworks, side by side": "Side by side",
};

/** Where a file of the repository lies on the site. */
export function pathOf(file: string): string {
  const [, name = "", folder, rest = ""] = /^packages\/([^/]+)\/(?:(\w+)\/)?(.+)\.md$/.exec(file) ?? [];
  if (folder === "decisions") return `decisions/${name}-${rest}`;
  if (folder === "docs") return rest;
  if (name !== "") return name === "core" ? "core" : `providers/${name}`;
  if (file === "README.md") return "index";
  if (file === "bench/figures/README.md") return "figures";
  if (file === "bench/README.md") return "bench";
  if (file === "bench/NOTES.md") return "bench-notes";
  return file
    .replace(/^site\/pages\//, "")
    .replace(/\.md$/, "")
    .toLowerCase();
}
