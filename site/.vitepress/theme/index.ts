import DefaultTheme from "vitepress/theme-without-fonts";
import { type App, h } from "vue";
import Race from "./Race.vue";
import "./style.css";

// Without scripts the navigation of a narrow screen cannot be opened: a link to the list of all pages stands in for it.
const contents = () => h("noscript", { innerHTML: '<p><a href="/contents.html">All pages</a></p>' });
const notFound = () =>
  h("main", { class: "not-found" }, [
    h("h1", "There is no such page."),
    h("p", [h("a", { href: "/contents.html" }, "All pages")]),
  ]);

export default {
  extends: DefaultTheme,
  Layout: () => h(DefaultTheme.Layout, null, { "doc-before": contents, "not-found": notFound }),
  enhanceApp: ({ app }: { app: App }) => app.component("Race", Race),
};
