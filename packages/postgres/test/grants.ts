import { readFile } from "node:fs/promises";

/** The rights that README says are needed: `always`, on the table, and for the `first` start besides, on the schema. */
export async function rightsOfReadme(): Promise<{ readonly always: readonly string[]; readonly first: string }> {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const grants = [...readme.matchAll(/^GRANT ([A-Z, ]+) ON (sessions|SCHEMA public) TO app;/gm)];
  const [[, always, table] = [], [, first, schema] = [], ...more] = grants;
  if (always === undefined || first === undefined || more.length > 0) throw new Error("README has other GRANTs");
  if (table !== "sessions" || schema !== "SCHEMA public") throw new Error("README grants on something else");
  return { always: always.split(", "), first };
}
