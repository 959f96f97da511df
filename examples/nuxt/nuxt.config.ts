export default defineNuxtConfig({
  compatibilityDate: "2026-11-01",
  telemetry: false,
  app: {
    head: {
      htmlAttrs: { lang: "en" },
      title: "Example",
      meta: [{ name: "color-scheme", content: "light dark" }],
      link: [{ rel: "icon", href: "data:," }],
    },
  },
});
