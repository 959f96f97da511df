import type { Framework } from "./application.js";
import { astroTrials } from "./astro.js";
import { nestTrials } from "./nest.js";
import { nextTrials } from "./next.js";
import { nuxtTrials } from "./nuxt.js";
import { reactRouterTrials } from "./react-router.js";
import { sveltekitTrials } from "./sveltekit.js";
import { tanstackStartTrials } from "./tanstack-start.js";
import type { Trial } from "./trials.js";

export interface Tried extends Framework {
  /** What only this framework has. */
  readonly further: readonly Trial[];
}

export const frameworks: readonly Tried[] = [
  {
    name: "next",
    manager: "lib/session.ts",
    packages: ["next", "react"],
    build: ["next", "build"],
    types: ["tsc", "-p", "."],
    start: ["next", "start", "-p", "PORT", "-H", "127.0.0.1"],
    dev: ["next", "dev", "-p", "PORT", "-H", "127.0.0.1"],
    edited: "app/page.tsx",
    further: nextTrials,
  },
  {
    name: "nuxt",
    manager: "server/plugins/session.ts",
    store: "server",
    packages: ["nuxt", "nitropack", "h3"],
    build: ["nuxt", "build"],
    types: ["nuxt", "typecheck"],
    start: [".output/server/index.mjs"],
    dev: ["nuxt", "dev", "--port", "PORT"],
    edited: "app/app.vue",
    forgets: "yes, but memory is lost: Nitro begins a new worker",
    further: nuxtTrials,
  },
  {
    name: "sveltekit",
    manager: "src/hooks.server.ts",
    store: "src",
    packages: ["@sveltejs/kit", "@sveltejs/adapter-node", "svelte"],
    build: ["vite", "build"],
    types: ["svelte-check"],
    start: ["build/index.js"],
    dev: ["vite", "dev", "--port", "PORT"],
    edited: "src/routes/+page.svelte",
    further: sveltekitTrials,
  },
  {
    name: "react-router",
    manager: "app/session.server.ts",
    store: "app",
    packages: ["react-router", "@react-router/serve", "react"],
    build: ["react-router", "build"],
    types: ["tsc", "-p", "."],
    start: ["react-router-serve", "build/server/index.js"],
    dev: ["react-router", "dev", "--port", "PORT"],
    edited: "app/home.tsx",
    further: reactRouterTrials,
  },
  {
    name: "astro",
    manager: "src/middleware.ts",
    store: "src",
    packages: ["astro", "@astrojs/node"],
    build: ["astro", "build"],
    types: ["astro", "check"],
    start: ["dist/server/entry.mjs"],
    dev: ["astro", "dev", "--port", "PORT"],
    edited: "src/components/Greeting.astro",
    further: astroTrials,
  },
  {
    name: "nest",
    manager: "src/session.ts",
    store: "src",
    packages: ["@nestjs/core", "@nestjs/platform-express", "@nestjs/platform-fastify"],
    build: ["tsc", "-p", "."],
    types: ["tsc", "-p", ".", "--noEmit"],
    start: ["dist/main.js"],
    further: nestTrials,
  },
  {
    name: "tanstack-start",
    manager: "src/session.ts",
    store: "src",
    packages: ["@tanstack/react-start", "vite"],
    build: ["vite", "build"],
    types: ["tsc", "-p", "."],
    start: [
      "srvx",
      "--prod",
      "--static",
      "../client",
      "--port",
      "PORT",
      "--host",
      "127.0.0.1",
      "dist/server/server.js",
    ],
    dev: ["vite", "dev", "--port", "PORT"],
    edited: "src/routes/index.tsx",
    further: tanstackStartTrials,
  },
];
