/**
 * A chat for those who are signed in. A socket outlives its request by hours, so it asks before each message whether
 * its session is still there: who has signed out, or was signed out elsewhere, is disconnected.
 */
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createManager, type SessionStore } from "@sess/core";
import { type WebSocket, WebSocketServer } from "ws";
import { page } from "../page.js";

interface Fields {
  user: string;
}

const cookieName = "chat";
const maxLifetime = Number(process.env.MAX_LIFETIME ?? 1800); // Seconds without a message, or a request.
const sessions = await createManager<Fields>("memory", { cookieName, maxLifetime });
sessions.startGC();

const signIn = ["ada", "bob"]
  .map((user) => `<form method="post" action="/sign-in?user=${user}"><button>Sign in as ${user}</button></form>`)
  .join("");

/** What the page does in the browser: it sends what is typed, and lists what comes. */
const chat = `
    <form id="say"><label>Message <input name="message" required autocomplete="off"></label> <button>Send</button></form>
    <ul id="said" aria-live="polite"></ul>
    <form method="post" action="/sign-out"><button>Sign out</button></form>
    <script type="module">
      const [say, said] = ["say", "said"].map((id) => document.getElementById(id));
      const list = (textContent) => said.append(Object.assign(document.createElement("li"), { textContent }));
      const socket = new WebSocket(location.href.replace("http", "ws"));
      socket.onmessage = ({ data }) => list(data);
      socket.onclose = ({ reason }) => list(reason || "The connection has ended.");
      say.onsubmit = (event) => {
        event.preventDefault();
        socket.send(say.elements.message.value);
        say.reset();
      };
    </script>`;

const server = createServer(
  sessions.handler(async (session, req, res) => {
    const url = new URL(req.url ?? "/", "http://localhost");
    if (req.method === "POST") {
      if (url.pathname === "/sign-in") {
        session.set("user", url.searchParams.get("user") ?? "somebody");
        await session.regenerate(); // A new id for a new right.
      } else if (url.pathname === "/sign-out") {
        await session.destroy();
      }
      return res.writeHead(303, { Location: "/" }).end();
    }
    const user = session.get("user");
    res.setHeader("Content-Type", "text/html; charset=utf-8");
    res.end(page(`Hello ${user ?? "nobody"}.`, [], user === undefined ? signIn : chat));
  }),
);

/** The id that a browser sends with the upgrade as with any request. */
function idOf({ headers }: IncomingMessage): string {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim().split("="));
  return pairs.find(([name]) => name === cookieName)?.[1] ?? "";
}

const sockets = new WebSocketServer({ noServer: true });

server.on("upgrade", async (req, socket, head) => {
  // Cookies come with the upgrades of other sites' pages as well: only our own may.
  const ours = req.headers.origin === undefined || new URL(req.headers.origin).host === req.headers.host;
  const session = ours ? await sessions.load(idOf(req)).catch(() => undefined) : undefined;
  if (session?.get("user") === undefined) return socket.end("HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n");
  return sockets.handleUpgrade(req, socket, head, (client) => converse(client, session));
});

function converse(client: WebSocket, session: SessionStore<Fields>): void {
  client.on("message", async (message) => {
    const present = await session.reload().catch(() => false);
    if (!present) return client.close(4401, "signed out");
    await session.touch(); // Who chats and loads no page stays signed in.
    for (const each of sockets.clients) each.send(`${session.get("user")}: ${message}`);
  });
}

server.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`http://localhost:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => server.close(() => void sessions.close()));
