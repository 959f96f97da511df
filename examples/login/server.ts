/**
 * The login site: sign in, a visit counter, a cart that loses no click, sign out, here or elsewhere. Read it from
 * top to bottom; the HTML is in pages.ts. Sessions are kept in memory, so they end with the process.
 */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createManager, isSessionError, type SessionStore } from "@sess/core";
import { type Device, type Held, homePage, livePanels, messagePage, products, signInPage } from "./pages.js";

/** What a session holds. A field that was never set is undefined. */
interface Fields {
  user: string;
  visits: number;
  cart: string[];
  /** What the user is shown of where this is. */
  device: string;
}
type Session = SessionStore<Fields>;

const sessions = await createManager<Fields>("memory", { cookieName: "login", maxLifetime: 3600 });
sessions.startGC();

// A real site looks the user up and verifies a slow hash of the password.
const demoPassword = "open sesame";

// ---- The pages -------------------------------------------------------------------------------------------------

async function home(session: Session, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const counted = await countVisit(session);
  const user = counted ? session.get("user") : undefined;
  if (user !== undefined) return sendHtml(res, 200, homePage(user, heldBy(session), await devicesOf(user, session)));

  // The name that came with a wrong password, so that nobody has to type it twice.
  const retry = queryOf(req).get("retry") ?? undefined;
  sendHtml(res, 200, signInPage(demoPassword, { retry, held: counted ? heldBy(session) : {} }));
}

/** Where everything leads that needs a user, when there is none any more: ended here, or on another device. */
function signedOut(_session: Session, _req: IncomingMessage, res: ServerResponse): void {
  sendHtml(res, 200, signInPage(demoPassword, { wasSignedOut: true, held: {} }));
}

/** `update` is exact: two tabs that reload at once count as two visits. `set(get + 1)` could count them as one. */
async function countVisit(session: Session): Promise<boolean> {
  try {
    await session.update("visits", (visits) => (visits ?? 0) + 1);
    return true;
  } catch (error) {
    // This cookie's session was renewed or ended a moment ago, say by another tab. The visitor is signed out as far
    // as this request goes, and gets the form to sign in again.
    if (isSessionError(error) && error.status === 409) return false;
    throw error;
  }
}

/** Every session whose owner is this user, this one among them. */
async function devicesOf(user: string, session: Session): Promise<Device[]> {
  const owned = await sessions.listOwned(user, { current: session });
  const devices = owned.map(({ handle, created, saved, current, get }) => {
    return { name: get("device") ?? "A device", handle, since: created, seen: saved, here: current };
  });
  return devices.sort((a, b) => Number(b.here) - Number(a.here));
}

/** The part of the page that changes with a click; client.js asks for it once its clicks are saved. */
function live(session: Session, req: IncomingMessage, res: ServerResponse): void {
  if (session.has("user")) sendHtml(res, 200, livePanels(heldBy(session)));
  else tellSignedOut(req, res);
}

function heldBy(session: Session): Held {
  return {
    user: session.get("user"),
    visits: session.get("visits"),
    cart: session.get("cart"),
    device: session.get("device"),
  };
}

// ---- What can be done ------------------------------------------------------------------------------------------

async function signIn(session: Session, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const form = await readForm(req);
  if (!form) return refuseForm(res);
  // Forty characters, not UTF-16 units: half of a surrogate pair would be no text.
  const name = [...(form.get("name") ?? "").trim()].slice(0, 40).join("");
  if (name === "" || form.get("password") !== demoPassword) return seeOther(res, `/?retry=${encodeURIComponent(name)}`);

  // Whoever was signed in before, nothing of theirs is for the new user.
  if (session.has("user")) session.flush();
  // What is counted from here on is how often the user has seen the shop.
  session.delete("visits");
  session.set("user", name);
  session.set("device", deviceOf(req));
  // By its owner a session can be found and ended from elsewhere. The store knows only a hash of the name.
  session.owner = name;
  // A new id for a new right: an id that somebody planted or saw before sign-in leads nowhere from here on.
  await session.regenerate();
  seeOther(res, "/");
}

async function addToCart(session: Session, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const form = await readForm(req);
  if (!form) return refuseForm(res);
  if (!session.has("user")) return tellSignedOut(req, res);
  const product = products.find(({ id }) => id === form.get("item"));
  if (!product) return done(req, res, 400);

  // Ten clicks are ten requests at the same time. Each one's function runs on the cart as the others left it.
  await session.update("cart", (cart) => [...(cart ?? []), product.name]);
  done(req, res, 204);
}

function emptyCart(session: Session, req: IncomingMessage, res: ServerResponse): void {
  if (!session.has("user")) {
    tellSignedOut(req, res);
    return;
  }
  // Nothing to wait for: the change is stored before the response leaves, or the response is an error.
  session.delete("cart");
  done(req, res, 204);
}

async function signOut(session: Session, _req: IncomingMessage, res: ServerResponse): Promise<void> {
  // No request that is still under way can bring the session back.
  await session.destroy();
  seeOther(res, "/");
}

async function signOutElsewhere(session: Session, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { owner } = session;
  if (owner === undefined) return tellSignedOut(req, res);
  // Every session that was signed in before now, whatever it is doing at the moment.
  await sessions.destroyOwned(owner, { except: session });
  done(req, res, 204);
}

async function signOutDevice(session: Session, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const form = await readForm(req);
  if (!form) return refuseForm(res);
  const { owner } = session;
  if (owner === undefined) return tellSignedOut(req, res);
  // The handle came with the page. It is good for sessions of this owner only, whoever sends it.
  await sessions.destroyOwned(owner, { handle: form.get("handle") ?? "", except: session });
  done(req, res, 204);
}

/** Enough to be recognised by whoever reads the list; what a browser says of itself is no proof of anything. */
function deviceOf({ headers }: IncomingMessage): string {
  const agent = headers["user-agent"] ?? "";
  const browser = ["Edg", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(`${name}/`)) ?? "A browser";
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux"].find((name) => agent.includes(name));
  return `${browser === "Edg" ? "Edge" : browser}${system === undefined ? "" : ` on ${system}`}`;
}

// ---- HTTP ------------------------------------------------------------------------------------------------------

type Route = (session: Session, req: IncomingMessage, res: ServerResponse) => Promise<void> | void;

const routes = new Map<string, Route>([
  ["GET /", home],
  ["GET /live", live],
  ["POST /sign-in", signIn],
  ["POST /cart", addToCart],
  ["POST /cart/empty", emptyCart],
  ["POST /sign-out", signOut],
  ["POST /sign-out-elsewhere", signOutElsewhere],
  ["POST /sign-out-device", signOutDevice],
  ["GET /signed-out", signedOut],
]);

const site = sessions.handler(async (session, req, res) => {
  const method = req.method === "HEAD" ? "GET" : req.method;
  const route = routes.get(`${method} ${pathOf(req)}`);
  if (!route) return sendHtml(res, 404, messagePage("There is nothing here."));
  await route(session, req, res);
});

const assets = new Map([
  ["/style.css", { type: "text/css; charset=utf-8", body: asset("style.css") }],
  ["/client.js", { type: "text/javascript; charset=utf-8", body: asset("client.js") }],
]);

const server = createServer((req, res) => {
  res.setHeader("Content-Security-Policy", contentSecurityPolicy);
  res.setHeader("X-Content-Type-Options", "nosniff");
  res.setHeader("Referrer-Policy", "same-origin");

  const file = assets.get(pathOf(req));
  if (file) return void res.writeHead(200, { "Content-Type": file.type, "Cache-Control": "no-cache" }).end(file.body);
  if (req.method === "POST" && isCrossOrigin(req)) {
    return sendHtml(res, 403, messagePage("This form was sent from another site."));
  }
  site(req, res);
});

const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join("; ");

/**
 * SameSite=Lax keeps the cookie off a POST from another site. This turns away other origins of the same site as well
 * (another port, a sibling subdomain), and needs no token in the forms.
 */
function isCrossOrigin(req: IncomingMessage): boolean {
  const { origin, host, "sec-fetch-site": site } = req.headers;
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  // An old browser, or plain http on another machine's address; and without Origin, not a browser at all.
  return origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`;
}

/** The fields of a form, or undefined when it is not one or too large; then nothing of it has been read. */
async function readForm(req: IncomingMessage): Promise<URLSearchParams | undefined> {
  if (!req.headers["content-type"]?.startsWith("application/x-www-form-urlencoded")) return undefined;
  // Browsers always say how long a form is, and Node's parser holds them to it. NaN is not at most 4096 either.
  if (!(Number(req.headers["content-length"]) <= 4096)) return undefined;
  return new URLSearchParams(await text(req));
}

function refuseForm(res: ServerResponse): void {
  res.setHeader("Connection", "close");
  sendHtml(res, 413, messagePage("This form is too large, or not a form."));
}

/** A form gets the page again by GET, so that a reload does not post twice; client.js gets the bare status. */
function done(req: IncomingMessage, res: ServerResponse, status: number): void {
  if (req.headers.accept?.includes("text/html")) seeOther(res, "/");
  else res.writeHead(status).end();
}

/** There is no user any more. client.js, to which a 401 would be an error in the console, is told to show another page. */
function tellSignedOut(req: IncomingMessage, res: ServerResponse): void {
  if (req.headers.accept?.includes("text/html")) seeOther(res, "/signed-out");
  else res.writeHead(204, { "Signed-Out": "true" }).end();
}

function seeOther(res: ServerResponse, location: string): void {
  res.writeHead(303, { Location: location }).end();
}

function sendHtml(res: ServerResponse, status: number, html: { readonly text: string }): void {
  res.writeHead(status, { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" }).end(html.text);
}

/** Not by `new URL`, which throws on some of what a client can send as a path. */
function pathOf(req: IncomingMessage): string {
  return req.url?.split("?", 1)[0] ?? "/";
}

function queryOf(req: IncomingMessage): URLSearchParams {
  return new URLSearchParams(req.url?.split("?")[1]);
}

function asset(name: string): Buffer {
  return readFileSync(new URL(name, import.meta.url));
}

// ---- Start and stop --------------------------------------------------------------------------------------------

const port = process.env.PORT || "3000";
if (!/^\d+$/.test(port) || Number(port) > 65535) fail(`PORT is "${port}"; it must be a number from 0 to 65535.`);

server.on("error", (error: NodeJS.ErrnoException) => {
  const taken = `Port ${port} is taken. Stop the program that uses it, or choose another: PORT=3001 npm start`;
  fail(error.code === "EADDRINUSE" ? taken : `The server could not start: ${error.message}`);
});
// A site to try things with is for this machine alone.
server.listen(Number(port), "localhost", () => {
  console.log(`The login site is on http://localhost:${(server.address() as AddressInfo).port} (Ctrl+C stops it)`);
});

let stopping = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);

/** Gives the requests under way a second, then closes the sessions; the process ends by itself. */
function stop(): void {
  if (stopping) return;
  stopping = true;
  server.close(() => void sessions.close());
  // Browsers open connections in advance, and those would hold the server up.
  setTimeout(() => server.closeAllConnections(), 1000).unref();
}

function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
