import { createManager, isSessionError } from "@sess/core";
import { sessionHandle } from "@sess/core/sveltekit";
import { redirect } from "@sveltejs/kit";
import { type Handle, type HandleServerError, sequence } from "@sveltejs/kit/hooks";
import { building } from "$app/env";

// `global`, because the development server loads this module again when it was edited.
const open = () => createManager<Fields>("memory", { global: "shop", maxLifetime: 1800 });

const membersOnly: Handle = async ({ event, resolve }) => {
  if (event.url.pathname === "/members") {
    const session = await event.locals.session();
    if (!session.has("user")) {
      session.set("wanted", "/members");
      redirect(303, "/");
    }
  }
  return resolve(event);
};

export const handle = sequence(sessionHandle(open, { building }), membersOnly);

export const handleError: HandleServerError = ({ kind, error }) => {
  if (kind === "unknown") console.error(error);
  if (isSessionError(error)) return { status: error.status }; // 503 if the store is down.
};
