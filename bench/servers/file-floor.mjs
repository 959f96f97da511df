/** Floor: hand-written, readFile for a read, readFile, writeFile and rename for a write. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { answer, data, serve, store, text } from "./common.mjs";

await mkdir(store, { recursive: true });
let temporary = 0;
async function put(id, session) {
  const file = `${store}/${id}`;
  const next = `${file}.${++temporary}`;
  await writeFile(next, JSON.stringify(session));
  await rename(next, file);
}
serve(async (req, res) => {
  if (req.url === "/make") {
    const id = randomBytes(32).toString("hex");
    await put(id, { data, n: 0 });
    return res.writeHead(200, { ...text, "Set-Cookie": `id=${id}; Path=/; HttpOnly` }).end();
  }
  const id = req.headers.cookie?.slice(3) ?? "";
  const session = JSON.parse(await readFile(`${store}/${id}`, "utf8"));
  if (req.url === "/write") {
    session.n++;
    await put(id, session);
  }
  return res.writeHead(200, text).end(answer(session));
});
