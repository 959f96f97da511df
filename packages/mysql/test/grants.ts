import { readFile } from "node:fs/promises";

/** Whom, and on what, README's statements are about. */
const names = { database: "dbname", table: "sessions", user: "'app'@'%'" };

/** The rights that README says are needed, `always`, and for the `first` start besides. */
export async function rightsOfReadme(): Promise<{ readonly always: readonly string[]; readonly first: string }> {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const on = `ON ${names.database}\\.${names.table} TO ${names.user.replaceAll(/[.%]/g, "\\$&")};`;
  const grants = [...readme.matchAll(new RegExp(`^GRANT ([A-Z, ]+) ${on}`, "gm"))].map(([, rights]) => rights ?? "");
  const [always, first, ...more] = grants;
  if (always === undefined || first === undefined || more.length > 0) throw new Error("README has other GRANTs");
  return { always: always.split(", "), first };
}
