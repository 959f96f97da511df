/** Rendered while building, and the same for everybody. */
export const prerender = true;
