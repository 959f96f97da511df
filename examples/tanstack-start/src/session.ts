import { createManager } from "@sess/core";

export interface Fields {
  user: string;
  visits: number;
}

// `global`, because a development server loads this module again when it was edited.
export const sessions = await createManager<Fields>("memory", { global: "shop", maxLifetime: 1800 });
