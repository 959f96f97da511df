import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, beforeEach } from "vitest";

/** What is published on a channel of ours while a test of the file runs: the list is emptied before each. */
export function eventsOf<E>(channel: string): E[] {
  const events: E[] = [];
  const listen = (event: unknown) => void events.push(event as E);
  beforeEach(() => {
    events.length = 0;
    subscribe(channel, listen);
  });
  afterEach(() => unsubscribe(channel, listen));
  return events;
}
