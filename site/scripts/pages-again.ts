import { execFile } from "node:child_process";
import { join } from "node:path";
import { layOut } from "./layout.js";
import { root } from "./source.js";

interface DevServer {
  readonly watcher: { add(paths: string[]): unknown; on(event: "change", listener: (file: string) => void): unknown };
}

/** For Vite's development server: makes the pages again when a file that they are made of has changed. */
export function pagesAgain() {
  const sources = new Set(layOut().pages.flatMap(({ parts }) => parts.map(({ source }) => source.file)));
  const isMade = (file: string) => file.startsWith(join(root, "site/.tmp"));
  return {
    name: "pages-again",
    configureServer({ watcher }: DevServer): void {
      watcher.add([...sources, "site/pages", "site/drawings"].map((file) => join(root, file)));
      watcher.on("change", (file) => {
        if (!/\.(md|svg)$/.test(file) || isMade(file)) return;
        execFile("npx", ["tsx", "site/scripts/pages.ts"], { cwd: root }, (error) => {
          if (error !== null) console.error(error.message);
        });
      });
    },
  };
}
