/**
 * What an application makes of each entry, and of what type that must be: `same<A, B>()` compiles only if A is B. Under
 * `@ts-expect-error` stands what must not compile.
 */
export const prelude = `
import { createManager, type Manager, type SessionStore, type StoreConnector, type StoreManager, type TokenConnector } from "@sess/core";
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? [] : [never];
declare function same<A, B>(...not: Same<A, B>): void;
interface Fields { user: string }
const sessions = await createManager<Fields>("memory", { maxLifetime: 60 });
type Session = SessionStore<Fields>;
`;

/** An adapter whose requests have the session's getter. */
const getter = (entry: string, give: string): string => `
import { ${give}, type SessionGetter } from "${entry}";
export const take = async (request: SessionGetter) => {
  const session = await request.session<Fields>();
  same<typeof session, Session>();
  // @ts-expect-error a value of another type
  session.set("user", 1);
};
export const given = ${give}(sessions);
// @ts-expect-error no Manager
${give}({});
`;

/** A drop-in, whose session has the declared properties. */
const dropIn = (entry: string, members: string): string => `
import { session, type SessionData, type WithSession } from "${entry}";
declare module "${entry}" { interface SessionData { views: number } }
export const given = session({ sessions });
same<SessionData, { views: number }>();
${members}
// @ts-expect-error the Manager's own
session({ sessions, ttl: 1 });
`;

const provider = (name: string, connector: "StoreConnector" | "TokenConnector", wrong: string): [string, string][] => {
  const manager = connector === "StoreConnector" ? "StoreManager" : "Manager";
  const typed = (entry: string) => `
import { ${name} } from "${entry}";
same<ReturnType<typeof ${name}>, ${connector}>();
const made = await createManager<Fields>(${name}());
same<typeof made, ${manager}<Fields>>();
// @ts-expect-error another provider's configuration
${name}(${wrong});
`;
  const registering = `
const named = await createManager<Fields>("${name}", { providerConfig: "" });
same<typeof named, ${manager}<Fields>>();
// @ts-expect-error another provider's configuration
await createManager("${name}", { providerConfig: ${wrong} });
`;
  return [
    [`@sess/${name}`, typed(`@sess/${name}`) + registering],
    [`@sess/${name}/provider`, typed(`@sess/${name}/provider`)],
  ];
};

export const uses: ReadonlyMap<string, string> = new Map([
  [
    "@sess/core",
    `
same<typeof sessions, StoreManager<Fields>>();
const answer = sessions.handle(new Request("http://localhost"), (session) => {
  same<typeof session, Session>();
  const user = session.get("user");
  same<typeof user, string | undefined>();
  // @ts-expect-error a field that nobody declared
  session.get("name");
  return new Response(user);
});
same<typeof answer, Promise<Response>>();
// @ts-expect-error an unknown option
await createManager("memory", { lifetime: 60 });
`,
  ],
  [
    "@sess/core/conformance",
    `
import { conformance, type ConformanceOptions } from "@sess/core/conformance";
import type { Provider } from "@sess/core";
same<Awaited<ReturnType<ConformanceOptions["open"]>>, Provider>();
// @ts-expect-error nothing to open
export const run = () => conformance(() => {}, {});
`,
  ],
  ["@sess/core/express", getter("@sess/core/express", "session")],
  ["@sess/core/fastify", getter("@sess/core/fastify", "session")],
  ["@sess/core/koa", getter("@sess/core/koa", "session")],
  ["@sess/core/hono", getter("@sess/core/hono", "session")],
  ["@sess/core/h3", `${getter("@sess/core/h3", "sessionPlugin")}sessionPlugin(async () => sessions);\n`],
  [
    "@sess/core/next",
    `
import { type NextFunctions, nextSessions, type ReadonlySession } from "@sess/core/next";
export const use = async (next: NextFunctions, request: Request) => {
  const { getSession, changeSession, handleProxy } = nextSessions(() => sessions, next);
  const read = await getSession();
  same<typeof read, ReadonlySession<Fields>>();
  // @ts-expect-error a page reads
  read.set("user", "ada");
  const changed = await changeSession((session) => {
    same<typeof session, Session>();
    return 1;
  });
  same<typeof changed, number>();
  const response = await handleProxy(request);
  same<typeof response, Response>();
};
`,
  ],
  [
    "@sess/core/sveltekit",
    `
import { sessionHandle, type SvelteKitHandle } from "@sess/core/sveltekit";
const handle = sessionHandle(async () => sessions, { building: false });
same<typeof handle, SvelteKitHandle>();
same<ReturnType<typeof handle>, Promise<Response>>();
// @ts-expect-error whether it is building is not said
sessionHandle(sessions, {});
`,
  ],
  [
    "@sess/core/express-session",
    dropIn(
      "@sess/core/express-session",
      `import type { SessionMethods } from "@sess/core/express-session";
export const take = ({ session, sessionID }: { session: SessionMethods & Partial<SessionData>; sessionID: WithSession["sessionID"] }) => {
  same<typeof session.views, number | undefined>();
  same<typeof sessionID, string>();
  // @ts-expect-error it is a number
  session.views = "one";
};`,
    ),
  ],
  [
    "@sess/core/fastify-session",
    dropIn(
      "@sess/core/fastify-session",
      `export const take = ({ session }: WithSession<{}>) => {
  same<typeof session.views, number | undefined>();
  same<typeof session.sessionId, string>();
  // @ts-expect-error it is a number
  session.set("views", "one");
};`,
    ),
  ],
  [
    "@sess/core/koa-session",
    dropIn(
      "@sess/core/koa-session",
      `export const take = (ctx: WithSession) => {
  same<typeof ctx.session.views, number | undefined>();
  same<typeof ctx.session.maxAge, number | "session">();
  ctx.session = null;
  // @ts-expect-error it is a number
  ctx.session = { views: "one" };
};`,
    ),
  ],
  ...provider("cookie", "TokenConnector", "{ keys: 1 }"),
  ...provider("file", "StoreConnector", "{ table: 1 }"),
  ...provider("mysql", "StoreConnector", "{ savePath: 1 }"),
  ...provider("postgres", "StoreConnector", "{ savePath: 1 }"),
  ...provider("redis", "StoreConnector", "{ savePath: 1 }"),
]);
