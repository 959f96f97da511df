/** cookie-session under Express. */
import cookieSession from "cookie-session";
import express from "express";
import { answer, data, serve, text } from "./common.mjs";

const app = express();
app.use(cookieSession({ name: "session", keys: ["a secret of some length for the bench"], maxAge: 3_600_000 }));
app.use((req, res) => {
  if (req.url === "/make") Object.assign(req.session, { data, n: 0 });
  else if (req.url === "/write") req.session.n++;
  res.set(text).end(answer(req.session));
});
serve(app);
