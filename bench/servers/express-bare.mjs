/** Express without sessions. */
import express from "express";
import { serve, text } from "./common.mjs";

const app = express();
app.use((req, res) => {
  if (req.url === "/make") res.set("Set-Cookie", "id=1; Path=/; HttpOnly");
  res.set(text).end("none none");
});
serve(app);
