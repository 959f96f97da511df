import DefaultTheme from "vitepress/theme-without-fonts";
import { h } from "vue";
import Race from "./Race.vue";
import "./style.css";

// Without scripts the navigation of a narrow screen cannot be opened: a link to the list of all pages stands in for it.
const contents = () => h("noscript", [h("p", [h("a", { href: "/contents.html" }, "All pages")])]);

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "doc-before": contents }),
  enhanceApp: ({ app }: { app: { component(name: string, component: unknown): unknown } }) =>
    app.component("Race", Race),
};
