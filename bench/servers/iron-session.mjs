/** iron-session on node:http. */
import { getIronSession } from "iron-session";
import { answer, data, serve, text } from "./common.mjs";

const options = {
  cookieName: "iron",
  password: "a secret of more than thirty-two characters",
  cookieOptions: { secure: false },
};
serve(async (req, res) => {
  const session = await getIronSession(req, res, options);
  if (req.url === "/make") Object.assign(session, { data, n: 0 });
  else if (req.url === "/write") session.n++;
  if (req.url !== "/read") await session.save();
  for (const [name, value] of Object.entries(text)) res.setHeader(name, value);
  res.end(answer(session));
});
