/**
 * An application as it is written for express-session, with passport and connect-flash: only the middleware is another.
 * Sessions are kept in memory, so they end with the process.
 */
import type { AddressInfo } from "node:net";
import { createManager } from "@sess/core";
import { session } from "@sess/core/express-session";
import flash from "connect-flash";
import express, { type RequestHandler } from "express";
import passport from "passport";
import { Strategy } from "passport-local";
import { page } from "../page.js";

declare module "@sess/core/express-session" {
  interface SessionData {
    views: number;
    cart: string[];
  }
}

declare global {
  namespace Express {
    interface User {
      readonly name: string;
    }
  }
}

const sessions = await createManager("memory", { cookieName: "connect.sid", maxLifetime: 1800 });
sessions.startGC();

// A real site looks the user up and verifies a slow hash of the password.
passport.use(
  new Strategy({ usernameField: "name" }, (name, password, done) => {
    if (password === "open sesame") done(null, { name });
    else done(null, false, { message: "That is not the password." });
  }),
);
passport.serializeUser<string>((user, done) => done(null, user.name));
passport.deserializeUser<string>((name, done) => done(null, { name }));

const app = express();
app.use(session({ sessions }));
app.use(passport.session());
app.use(flash());

const addBread = `<form method="post" action="/cart?item=bread"><button>Add bread</button></form>`;
const signOut = `<form method="post" action="/sign-out"><button>Sign out</button></form>`;
const signIn = `
  <form method="post" action="/sign-in">
    <p><label>Name <input name="name" required autocomplete="username"></label></p>
    <p><label>Password <input name="password" type="password" required autocomplete="current-password"></label> open sesame</p>
    <p><label><input name="remember" type="checkbox"> for a month</label></p>
    <button>Sign in</button>
  </form>`;

app.get("/", (req, res) => {
  req.session.views = (req.session.views ?? 0) + 1;
  const { views, cart = [] } = req.session;
  const said = Object.values(req.flash()).flat();
  const lines = [`Views: ${views}`, `Cart: ${cart.join(", ") || "empty"}`, ...said];
  res.send(page(`Hello ${req.user?.name ?? "nobody"}.`, lines, addBread + (req.user ? signOut : signIn)));
});

app.post("/cart", (req, res) => {
  req.session.cart ??= [];
  req.session.cart.push(String(req.query.item));
  res.redirect(303, "/");
});

/** For a month, where somebody asks for it: said before passport gives the session its new id, and with it the cookie. */
const remember: RequestHandler = (req, _res, next) => {
  if (req.body.remember) req.session.cookie.maxAge = 30 * 86_400_000;
  next();
};

// keepSessionInfo: the cart comes along to the new id.
const authenticate: RequestHandler = passport.authenticate("local", {
  successRedirect: "/",
  failureRedirect: "/",
  failureFlash: true,
  keepSessionInfo: true,
});

app.post("/sign-in", express.urlencoded(), remember, authenticate);

app.post("/sign-out", (req, res, next) => {
  req.logout((error) => {
    if (error) return next(error);
    req.flash("info", "You have signed out.");
    return res.redirect(303, "/");
  });
});

const server = app.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => server.close(() => void sessions.close()));
