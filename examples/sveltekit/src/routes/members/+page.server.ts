import { error } from "@sveltejs/kit";
import type { PageServerLoad } from "./$types";

const blocked = new Set(["eve"]);

export const load: PageServerLoad = async ({ locals }) => {
  const session = await locals.session();
  if (blocked.has(session.get("user") ?? "")) {
    await session.destroy();
    error(403, "You may not come in any more.");
  }
};
