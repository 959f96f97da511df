import { fail, redirect } from "@sveltejs/kit";
import type { Actions, PageServerLoad } from "./$types";

export const load: PageServerLoad = async ({ locals, url, fetch }) => {
  if (url.searchParams.has("visit")) await fetch("/visit", { method: "POST" });
  const session = await locals.session();
  return { user: session.get("user") ?? "nobody", visits: session.get("visits") ?? 0 };
};

export const actions: Actions = {
  in: async ({ locals, request }) => {
    const user = (await request.formData()).get("user");
    if (typeof user !== "string" || user === "") return fail(400, { missing: "user" });
    const session = await locals.session();
    session.set("user", user);
    await session.regenerate(); // A new id for a new right.
    redirect(303, session.get("wanted") ?? "/");
  },
  out: async ({ locals }) => {
    await (await locals.session()).destroy();
    redirect(303, "/");
  },
};
