import { createManager } from "@sess/core";
import { nextSessions } from "@sess/core/next";
import { cookies, headers } from "next/headers";
import { connection } from "next/server";

export interface Fields {
  user: string;
  device: string;
  visits: number;
  flash: string;
}

// `global`, because Next loads this module for the pages, for the route handlers and for the proxy: each call gives the
// same Manager. maxLifetime is in seconds.
export const open = () => createManager<Fields>("memory", { global: "shop", maxLifetime: 1800, trustProxy: 1 });

export const { getSession, changeSession, handleProxy } = nextSessions(open, { cookies, headers, connection });
