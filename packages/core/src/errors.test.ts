import { expect, test } from "vitest";
import { isSessionError, SessionError } from "./errors.js";
import { createManager } from "./index.js";

test("toResponse has the status and says nothing of the error", async () => {
  const error = new SessionError("SESS_UNAVAILABLE", "the store at 10.0.0.7 failed", { cause: new Error("password") });
  const response = error.toResponse();
  expect([response.status, response.headers.get("cache-control")]).toEqual([503, "no-store"]);
  expect(await response.text()).toBe("The request failed.\n");
});

test("a conflict says that the session has changed, as core's own answer does", async () => {
  const response = new SessionError("SESS_GONE", "secret").toResponse();
  expect([response.status, await response.text()]).toEqual([409, "The session has changed meanwhile.\n"]);
});

test("onError may answer with it, and the framework's page is left to other errors", async () => {
  const sessions = await createManager("memory", {
    onError: (error) => (isSessionError(error) ? error.toResponse() : new Response("my page", { status: 500 })),
  });
  const gone = await sessions.handle(new Request("http://localhost/"), async (session) => {
    session.set("n", 1);
    await session.destroy();
    session.set("n", 2);
    return new Response();
  });
  expect([gone.status, await gone.text()]).toEqual([409, "The session has changed meanwhile.\n"]);
  const other = await sessions.handle(new Request("http://localhost/"), () => {
    throw new Error("a bug");
  });
  expect(await other.text()).toBe("my page");
  await sessions.close();
});
