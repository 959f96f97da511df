import { createManager } from "@sess/core";
import { nextSessions } from "@sess/core/next";
import { cookies, headers } from "next/headers";

export interface Fields {
  user: string;
  visits: number;
}

// `global`, because Next loads this module for the pages, for the route handlers and for the proxy.
const open = () => createManager<Fields>("memory", { global: "shop", maxLifetime: 1800, trustProxy: 1 });

export const { getSession, changeSession, handleProxy } = nextSessions(open, { cookies, headers });
