/**
 * Does what the guide for authors of providers says, word for word, in an empty folder outside of this repository with
 * core's tarball beside it: `npm run check:guide`. Run the build first.
 */
import { copyFile, mkdir, mkdtemp, realpath, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { cases } from "../../packages/core/src/conformance/index.js";
import { pack } from "../checks/tarball.js";
import { nodeFromNpm } from "../from-npm.js";
import { goFurther } from "./further.js";
import { type Guide, readGuide, root } from "./guide.js";
import { Reader } from "./reader.js";

const most = { commands: 12, lines: 150 };

/**
 * The Nodes on which the guide's provider is tested: the oldest that it supports, and the most common one. From npm,
 * for this platform.
 */
const versions = ["22.13.1", "24.21.0"];

async function packCore(into: string): Promise<string> {
  const tarball = join(into, "sess-core.tgz");
  await rename(await pack(join(root, "packages", "core"), into), tarball);
  return tarball;
}

/** Our environment, without the variables that npm and test runners set for their scripts. */
function environment(node: string): NodeJS.ProcessEnv {
  const told =
    /^(npm_(package|lifecycle|command|\w*exec|config_\w*prefix)|INIT_CWD|NODE_OPTIONS|NODE_TEST|FORCE_COLOR)/;
  const own = Object.entries(process.env).filter(([name]) => !told.test(name));
  return { ...Object.fromEntries(own), PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
}

async function replay(guide: Guide, work: string, tarball: string, version: string): Promise<number> {
  const desk = join(work, version);
  await mkdir(desk);
  const reader = new Reader(
    desk,
    join(work, `${version}.notes`),
    environment(await nodeFromNpm(version, join(work, "nodes"))),
  );
  await copyFile(tarball, join(desk, "sess-core.tgz"));
  for (const step of guide.steps) await reader.follow(step);
  await goFurther(reader);
  const { passed, others } = reader.cases;
  // A provider with a file has no outage to survive, and no round trips that reading several keys would save.
  const lacks = ["outage", "readMany"];
  const skipped = cases.filter(({ needs }) => needs?.some((need) => lacks.includes(need))).length;
  if (passed !== cases.length - skipped || others !== skipped) {
    throw new Error(`of ${cases.length} cases ${passed} passed and ${others} did not`);
  }
  return passed;
}

const guide = await readGuide();
const { commands, lines } = guide;
const work = await realpath(await mkdtemp(join(tmpdir(), "sess-guide-")));
try {
  const tarball = await packCore(work);
  for (const version of versions) {
    const passed = await replay(guide, work, tarball, version);
    console.log(`Node ${version}: commands ${commands}, lines ${lines}, cases passed ${passed}`);
  }
  if (commands > most.commands || lines > most.lines) {
    throw new Error(`at most ${most.commands} commands and ${most.lines} lines are promised`);
  }
} finally {
  await rm(work, { recursive: true, force: true });
}
