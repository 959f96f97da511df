import { execFile } from "node:child_process";
import { join } from "node:path";

interface DevServer {
  readonly watcher: { add(paths: string[]): unknown; on(event: "change", listener: (file: string) => void): unknown };
}

/** For Vite's development server: makes the pages again when a file that they are made of has changed. */
export function pagesAgain() {
  const root = join(import.meta.dirname, "../..");
  const names = [
    "*.md",
    "packages/*/*.md",
    "packages/*/{docs,decisions}/*.md",
    "bench/**/*.md",
    "site/{pages,drawings}/*",
  ];
  const isMade = (file: string) => file.startsWith(join(root, "site/.tmp"));
  return {
    name: "pages-again",
    configureServer({ watcher }: DevServer): void {
      watcher.add(names.map((name) => join(root, name)));
      watcher.on("change", (file) => {
        if (!/\.(md|svg)$/.test(file) || isMade(file)) return;
        execFile("npx", ["tsx", "site/scripts/pages.ts"], { cwd: root }, (error) => {
          if (error !== null) console.error(error.message);
        });
      });
    },
  };
}
