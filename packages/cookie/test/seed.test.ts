import { createManager, type Manager, type SessionData } from "@sess/core";
import "../src/index.js";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { codeOf, cookieOf, get, serve, silenceWarnings } from "./support.js";

const snippet =
  '{"cookieName":"gosessionid","enableSetCookie":false,"gclifetime":3600,"ProviderConfig":"{\\"cookieName\\":\\"gosessionid\\",\\"securityKey\\":\\"beegocookiehashkey\\"}"}';

// Each Manager stretches its passphrase, which takes half a second of a processor that has nothing else to do.
const slow = { timeout: 60_000 };

test(
  "the seed's snippet, as it is written, keeps a login over HTTP, in one process and after a restart",
  slow,
  async () => {
    const warnings = silenceWarnings();
    const ports: number[] = [];
    for (let start = 0; start < 2; start++) {
      const globalSessions = await createManager("cookie", snippet);
      globalSessions.startGC();
      ports.push(
        await serve(globalSessions, async (sess, req, res) => {
          if (req.method === "GET") return res.end(`hello ${sess.get("username")}`);
          sess.set("username", new URLSearchParams(await text(req)).get("username") ?? "");
          return res.writeHead(303, { Location: "/" }).end();
        }),
      );
      expect(await codeOf(() => globalSessions.count())).toBe("SESS_UNSUPPORTED");
    }
    const [one = 0, two = 0] = ports;
    expect((await get(one)).body).toBe("hello undefined");
    const login = await get(one, undefined, "POST", "username=astaxie");
    expect([login.status, login.headers.location]).toEqual([303, "/"]);
    const cookies = cookieOf(login, "gosessionid");
    expect(cookies).toMatch(/^gosessionid=[\w-]+$/);
    expect((await get(one, cookies)).body).toBe("hello astaxie");
    expect((await get(two, cookies)).body).toBe("hello astaxie");
    // One warning for the process, which says what to do, and not what the key is.
    expect(warnings).toHaveBeenCalledOnce();
    expect(JSON.stringify(warnings.mock.calls)).toContain("node -p");
    expect(JSON.stringify(warnings.mock.calls)).not.toContain("beegocookiehashkey");
  },
);

test(
  "the seed's other keys: those that are secrets make another key, the Manager's own are refused",
  slow,
  async () => {
    silenceWarnings();
    const connect = async (config: object, cookieName = "gosessionid") => {
      const providerConfig = JSON.stringify({ cookieName: "gosessionid", securityKey: "secret", ...config });
      const manager = await createManager("cookie", { cookieName, providerConfig });
      const { visit } = await onServer(manager);
      return visit;
    };
    const plain = await connect({ blockKey: "", securityName: null, Secure: false, MAXAGE: 0, unknown: 1 });
    const cookies = cookieOf(await plain("POST"), "gosessionid");
    expect((await (await connect({}))("GET", cookies)).body).toBe("1");
    for (const other of [{ blockKey: "more" }, { securityName: "other" }, { SecurityKey: "other" }]) {
      expect((await (await connect(other))("GET", cookies)).body).toBe("undefined");
    }
    for (const wrong of [
      { secure: true },
      { maxage: 60 },
      { cookieName: "other" },
      { securityKey: "" },
      { securityKey: 7 },
      { blockKey: 7 },
      { cookieName: 7 },
      { securityKey: null },
    ]) {
      expect([wrong, await codeOf(() => connect(wrong))]).toEqual([wrong, "SESS_CONFIG"]);
    }
    await expect(connect({}, "sid")).rejects.toThrow(/cookieName/);

    async function onServer(manager: Manager<SessionData>) {
      const port = await serve(manager, (session, req, res) => {
        if (req.method === "POST") session.set("n", 1);
        res.end(String(session.get("n")));
      });
      return { visit: (method: string, cookie?: string) => get(port, cookie, method) };
    }
  },
);
