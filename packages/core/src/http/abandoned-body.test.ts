import { expect, test } from "vitest";
import { Stage } from "../../test-support/stage.js";

/** A response whose body holds something open, a file for instance, until it is read to its end or cancelled. */
function streamed() {
  const state = { cancelled: false };
  const body = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1)),
    cancel: () => {
      state.cancelled = true;
    },
  });
  return { state, response: new Response(body) };
}

test("a body that is not sent, since its session could not be stored, is cancelled", async () => {
  const stage = new Stage();
  const sessions = await stage.manager();
  const { state, response } = streamed();
  const answer = await sessions.handle(new Request("http://h/"), (session) => {
    session.set("n" as never, 1 as never);
    stage.down = true;
    return response;
  });
  expect(answer.status).toBe(503);
  expect(state.cancelled).toBe(true);
});

test("a body that is sent is not touched", async () => {
  const sessions = await new Stage().manager();
  const { state, response } = streamed();
  const answer = await sessions.handle(new Request("http://h/"), (session) => {
    session.set("n" as never, 1 as never);
    return response;
  });
  expect(state.cancelled).toBe(false);
  await answer.body?.cancel();
});
