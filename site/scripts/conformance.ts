import { brokenProviders } from "../../packages/core/src/conformance/broken/index.js";
import { cases } from "../../packages/core/src/conformance/cases/index.js";
import { rules } from "../../packages/core/src/conformance/rules.js";
import { brokenTokens } from "../../packages/core/src/conformance/tokens/broken/index.js";
import { tokenCases } from "../../packages/core/src/conformance/tokens/cases/index.js";
import { tokenRules } from "../../packages/core/src/conformance/tokens/rules.js";
import type { Layout } from "./layout.js";

const guides = {
  store: "packages/core/docs/writing-a-provider.md",
  token: "packages/core/docs/writing-a-token-provider.md",
};

/** The cases of the kit, rule by rule, each with the bugs that the tests of the kit make it find. */
export function conformancePage(layout: Layout): string {
  const stores = tables(rules, cases, brokenProviders, "store");
  const tokens = tables(tokenRules, tokenCases, brokenTokens, "token");
  return ["## Providers that store", ...stores, "## Providers that seal", ...tokens].join("\n\n");

  function tables(titles: object, all: readonly AnyCase[], broken: readonly AnyBroken[], kind: keyof typeof guides) {
    const counts = `${all.length} cases, tried with ${broken.length} broken providers.`;
    const sections = Object.entries(titles).map(([rule, title]) => {
      const rows = all.filter((each) => each.rule === rule).map((each) => row(each, broken, kind));
      return [`### ${rule}: ${title}`, "", "| case | bugs that it finds |", "| --- | --- |", ...rows].join("\n");
    });
    return [counts, ...sections];
  }

  function row({ id, title, guide }: AnyCase, broken: readonly AnyBroken[], kind: keyof typeof guides): string {
    const bugs = broken.filter(({ fails }) => fails.includes(id)).map(({ name }) => cell(name));
    const section = layout.find(guides[kind], guide.slice(1)) ?? layout.find(guides.store, guide.slice(1));
    return `| [${cell(title)}](/${section?.path}#${section?.anchor}) \`${id}\` | ${bugs.join(";<br>")} |`;
  }
}

interface AnyCase {
  readonly id: string;
  readonly rule: string;
  readonly title: string;
  readonly guide: string;
}

interface AnyBroken {
  readonly name: string;
  readonly fails: readonly string[];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}
