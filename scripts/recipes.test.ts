import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createAdaptorServer } from "@hono/node-server";
import { createTRPCClient, httpBatchLink, httpBatchStreamLink } from "@trpc/client";
import type { AnyRouter } from "@trpc/server";
import { createExpressMiddleware } from "@trpc/server/adapters/express";
import { fastifyTRPCPlugin } from "@trpc/server/adapters/fastify";
import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import express from "express";
import fastify, { type FastifyRequest } from "fastify";
import type { GraphQLSchema } from "graphql";
import { createSchema, createYoga } from "graphql-yoga";
import { io } from "socket.io-client";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { session as forExpress } from "../packages/core/src/adapters/express.js";
import { session as forFastify } from "../packages/core/src/adapters/fastify.js";
import { register } from "../packages/core/src/index.js";
import type { StoreManager } from "../packages/core/src/manager/manager.js";
import type { SessionStore } from "../packages/core/src/session/session-store.js";
import { Stage } from "../packages/core/test-support/stage.js";
import { readSnippets, type Written, write } from "./checks/snippets.js";
import { type Answer, Visitor } from "./frameworks/visitor.js";

// What packages/core/docs/recipes.md shows does what it says there, over real sockets. That it compiles is tested with
// all other blocks.

const root = join(import.meta.dirname, "..");
/** The store of all recipes, in place of memory. */
const stage = new Stage();
const servers: Server[] = [];
let folder: string;
let blocks: Written[];

beforeAll(async () => {
  register("memory", () => stage, "@sess/core");
  vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  await mkdir(join(root, ".tmp"), { recursive: true });
  folder = await mkdtemp(join(root, ".tmp", "recipes-"));
  const all = await readSnippets();
  blocks = await write(
    all.filter(({ source }) => source === "packages/core/docs/recipes.md"),
    folder,
  );
});
beforeEach(() => {
  stage.down = false;
  stage.delay = 0;
});
afterAll(async () => {
  for (const server of servers) server.closeAllConnections();
  await rm(folder, { recursive: true, force: true });
});

/** The block that imports this, as a module. */
async function block<T>(imports: string): Promise<T> {
  const found = blocks.filter(({ text }) => text.includes(`from "${imports}"`));
  expect(found).toHaveLength(1);
  return (await import(/* @vite-ignore */ String(found[0]?.path))) as T;
}

async function urlOf(server: Server): Promise<string> {
  servers.push(server);
  if (!server.listening) await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** How a site is used; answers are those of HTTP. */
interface Site {
  readonly url: string;
  signIn(visitor: Visitor): Promise<Answer>;
  signOut(visitor: Visitor): Promise<Answer>;
  user(visitor: Visitor): Promise<string>;
}

const json = { "content-type": "application/json" };

const graphql = (visitor: Visitor, query: string) =>
  visitor.post("/graphql", { headers: json, body: JSON.stringify({ query }) });

/** How a client of GraphQL uses the recipe's schema. */
const asGraphql: Omit<Site, "url"> = {
  signIn: (visitor) => graphql(visitor, 'mutation { signIn(user: "ada") }'),
  signOut: (visitor) => graphql(visitor, "mutation { signOut }"),
  user: async (visitor) => JSON.parse((await graphql(visitor, "{ user }")).body).data.user ?? "nobody",
};

/** How a client of tRPC uses the recipe's router. */
const asTrpc: Omit<Site, "url"> = {
  signIn: (visitor) => visitor.post("/signIn", { headers: json, body: '"ada"' }),
  signOut: (visitor) => visitor.post("/signOut", { headers: json, body: "null" }),
  user: async (visitor) => JSON.parse((await visitor.ask("/user")).body).result.data,
};

interface Trpc {
  readonly sessions: StoreManager<{ user: string }>;
  readonly site: AnyRouter;
  readonly server: Server;
}
const trpc = () => block<Trpc>("@trpc/server");
const listening = (fetch: (request: Request) => Promise<Response>) => urlOf(createAdaptorServer({ fetch }) as Server);

const sites: Readonly<Record<string, () => Promise<Site>>> = {
  Elysia: async () => {
    const { fetch } = await block<{ fetch(request: Request): Promise<Response> }>("elysia");
    return {
      url: await urlOf(createAdaptorServer({ fetch }) as Server),
      signIn: (visitor) => visitor.ask("/sign-in"),
      signOut: (visitor) => visitor.ask("/sign-out"),
      user: async (visitor) => (await visitor.ask("/")).body.replace("hello ", ""),
    };
  },
  "GraphQL Yoga": async () => ({
    url: await urlOf((await block<{ server: Server }>("graphql-yoga")).server),
    ...asGraphql,
  }),
  "GraphQL Yoga by fetch": async () => {
    const { sessions, schema } = await block<{ sessions: Trpc["sessions"]; schema: GraphQLSchema }>("graphql-yoga");
    const yoga = createYoga<{ session: unknown }>({ schema: schema as never });
    const fetch = (request: Request) =>
      sessions.handle(request, async (session) => yoga.fetch(request, { session }) as Promise<Response>);
    return { url: await listening(fetch), ...asGraphql };
  },
  tRPC: async () => ({ url: await urlOf((await trpc()).server), ...asTrpc }),
  "tRPC by fetch": async () => {
    const { sessions, site: router } = await trpc();
    const fetch = (req: Request) =>
      sessions.handle(req, (session) =>
        fetchRequestHandler({ endpoint: "/", req, router, createContext: () => ({ session: async () => session }) }),
      );
    return { url: await listening(fetch), ...asTrpc };
  },
  "tRPC on Express": async () => {
    const { sessions, site: router } = await trpc();
    const app = express();
    app.use(forExpress(sessions));
    app.use(createExpressMiddleware({ router, createContext: ({ req }) => ({ session: () => req.session() }) }));
    return { url: await urlOf(createServer(app)), ...asTrpc };
  },
  "tRPC on Fastify": async () => {
    const { sessions, site: router } = await trpc();
    const app = fastify();
    app.register(forFastify(sessions));
    const createContext = ({ req }: { req: FastifyRequest }) => ({ session: () => req.session() });
    app.register(fastifyTRPCPlugin, { prefix: "/", trpcOptions: { router, createContext } });
    await app.ready();
    return { url: await urlOf(app.server), ...asTrpc };
  },
};

describe.each(Object.keys(sites))("%s", (name) => {
  let site: Site;
  beforeAll(async () => {
    site = await (sites[name] as () => Promise<Site>)();
  });

  test("signs in, reads, signs out", async () => {
    const ada = new Visitor(site.url);
    expect(await site.user(ada)).toBe("nobody");
    expect(ada.cookie).toBe("");
    await site.signIn(ada);
    expect(ada.cookie).toMatch(/^sessionid=./);
    expect(await site.user(ada)).toBe("ada");
    expect(await site.user(new Visitor(site.url))).toBe("nobody");
    await site.signOut(ada);
    expect([ada.cookie, await site.user(ada)]).toEqual(["", "nobody"]);
  });

  test("nothing leaves before the session is stored", async () => {
    const ada = new Visitor(site.url);
    stage.delay = 100;
    expect((await site.signIn(ada)).took).toBeGreaterThanOrEqual(100);
    stage.delay = 0;
    expect(await site.user(ada)).toBe("ada");
  });

  test("a failed save is a 503 without a cookie", async () => {
    const ada = new Visitor(site.url);
    stage.down = true;
    const answer = await site.signIn(ada);
    expect(ada.cookie).toBe("");
    expect(answer.status).toBe(503);
  });
});

test("GraphQL Yoga: what a resolver changed before it threw is kept, since the answer is a 200", async () => {
  const { sessions } = await block<Pick<Trpc, "sessions">>("graphql-yoga");
  const fail = (_root: unknown, _args: unknown, { session }: { session: SessionStore<{ user: string }> }) => {
    session.set("user", "ada");
    throw new Error("failed");
  };
  const schema = createSchema({ typeDefs: "type Query { fail: String }", resolvers: { Query: { fail } } });
  const yoga = createYoga<{ session: unknown }>({ schema: schema as never, logging: false });
  const fetch = (request: Request) =>
    sessions.handle(request, async (session) => yoga.fetch(request, { session }) as Promise<Response>);
  const ada = new Visitor(await listening(fetch));
  const { status, body } = await graphql(ada, "{ fail }");
  expect([status, "errors" in JSON.parse(body)]).toEqual([200, true]);
  expect(ada.cookie).not.toBe("");
});

test("tRPC: a middleware refuses who has not signed in; a stream cannot sign in, a batch can", async () => {
  const { server } = await block<{ server: Server }>("@trpc/server");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ada = new Visitor(url);
  const fetchAs = async (input: RequestInfo | URL | string, options?: RequestInit) => {
    const { pathname, search } = new URL(String(input));
    const { status, headers, body } = await ada.ask(pathname + search, options);
    return new Response(body, { status, headers: { "content-type": headers.get("content-type") ?? "" } });
  };
  const client = (link: typeof httpBatchLink | typeof httpBatchStreamLink) =>
    createTRPCClient<AnyRouter>({ links: [link({ url, fetch: fetchAs as never })] }) as unknown as {
      readonly members: { query(): Promise<string> };
      readonly signIn: { mutate(user: string): Promise<void> };
    };
  await expect(client(httpBatchLink).members.query()).rejects.toThrow("UNAUTHORIZED");
  await expect(client(httpBatchStreamLink).signIn.mutate("ada")).rejects.toThrow(/head/);
  expect(ada.cookie).toBe("");
  await client(httpBatchLink).signIn.mutate("ada");
  expect(await client(httpBatchLink).members.query()).toBe("for members");
});

test("socket.io: lets in who is signed in, not from another site, and notices the sign-out", async () => {
  const { sessions, server } = await block<{ sessions: StoreManager<{ user: string }>; server: Server }>("socket.io");
  const url = await urlOf(server);
  const made = await sessions.handle(new Request("http://localhost/"), (session) => {
    session.set("user", "ada");
    return new Response();
  });
  const cookie = made.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  const connect = (extraHeaders: Record<string, string>) =>
    io(url, { transports: ["websocket"], extraHeaders, reconnection: false, forceNew: true });
  const refusal = async (headers: Record<string, string>) => {
    const client = connect(headers);
    const [error] = (await once(client as never, "connect_error")) as [Error];
    client.close();
    return error.message;
  };
  expect(await refusal({})).toBe("not signed in");
  expect(await refusal({ cookie, origin: "https://elsewhere.example" })).toBe("websocket error");

  const client = connect({ cookie, origin: url });
  await once(client as never, "connect");
  client.emit("say", "hello");
  expect(await once(client as never, "said")).toEqual(["ada: hello"]);
  await sessions.handle(new Request("http://localhost/", { headers: { cookie } }), async (session) => {
    await session.destroy();
    return new Response();
  });
  client.emit("say", "still there?");
  const [reason] = await once(client as never, "disconnect");
  expect(reason).toBe("io server disconnect");
  client.close();
});

test("http-proxy-middleware: the server behind is told the user, and not by the client", async () => {
  const behind = createServer((req, res) => {
    const { "x-user": user, cookie } = req.headers;
    res.writeHead(200, { "Set-Cookie": "theirs=1" }).end(JSON.stringify([user, cookie ?? "no cookie"]));
  });
  process.env.BEHIND = await urlOf(behind);
  const { app } = await block<{ app: RequestListener }>("http-proxy-middleware");
  const ada = new Visitor(await urlOf(createServer(app)));
  const forged = await ada.ask("/api", { headers: { "x-user": "eve" } });
  expect(forged.status).toBe(401);
  await ada.ask("/sign-in");
  const { body } = await ada.ask("/api", { headers: { "x-user": "eve" } });
  expect(JSON.parse(body)).toEqual(["ada", "no cookie"]);
  expect(ada.cookie).toMatch(/^sessionid=.+; theirs=1$/);
});

describe("serverless-http", () => {
  interface Result {
    readonly statusCode: number;
    readonly body: string;
    readonly cookies?: string[];
    readonly multiValueHeaders?: Record<string, string[]>;
    readonly headers: Record<string, string>;
  }
  type Handler = (event: object, context: object) => Promise<Result>;
  const https = { "x-forwarded-proto": "https" };
  const formats: Record<string, (path: string, cookie?: string) => object> = {
    "1.0": (path, cookie) => ({
      version: "1.0",
      httpMethod: "GET",
      path,
      headers: cookie === undefined ? https : { ...https, cookie },
      requestContext: {},
    }),
    "2.0": (path, cookie) => ({
      version: "2.0",
      rawPath: path,
      headers: https,
      ...(cookie !== undefined && { cookies: [cookie] }),
      requestContext: { http: { method: "GET", path } },
    }),
  };

  test.each(Object.entries(formats))(
    "format %s: signs in and reads, and the cookie is Secure",
    async (_name, event) => {
      const { handler } = await block<{ handler: Handler }>("serverless-http");
      const signedIn = await handler(event("/sign-in"), {});
      const { headers, cookies = [], multiValueHeaders = {} } = signedIn;
      const lines = [headers["set-cookie"] ?? [], cookies, multiValueHeaders["set-cookie"] ?? []].flat();
      expect(lines).toEqual([expect.stringMatching(/^sessionid=.*; Secure/)]);
      const read = await handler(event("/", lines[0]?.split(";")[0]), {});
      expect([read.statusCode, read.body]).toEqual([200, "hello ada"]);
      stage.down = true;
      const failed = await handler(event("/sign-in"), {});
      expect([failed.statusCode, failed.cookies ?? [], failed.headers["set-cookie"]]).toEqual([503, [], undefined]);
    },
  );
});
