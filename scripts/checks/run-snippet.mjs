/**
 * Runs one snippet: `node run-snippet.mjs <file> <places as JSON>`. Where it listens, two requests are made, the second
 * with the cookies of the first. Ports of the text are not ours to take: a server gets a free one, and a connection to
 * one of the places, such as 6379, leads to the private server of this run.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { Server, Socket } from "node:net";
import { pathToFileURL } from "node:url";

const [, , file, json] = process.argv;
const places = JSON.parse(json);

const servers = [];
const listen = Server.prototype.listen;
Server.prototype.listen = function (where, ...rest) {
  // Fastify's is an object of options.
  const port = where?.port ?? where;
  if (typeof port !== "number") throw new Error("a snippet listens on a port");
  servers.push(this);
  return listen.call(this, 0, "127.0.0.1", ...rest.filter((each) => typeof each === "function"));
};

const connect = Socket.prototype.connect;
Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  const port = places[options?.port];
  if (port !== undefined) Object.assign(options, { host: "127.0.0.1", port });
  // pg names the port as an argument of its own.
  if (places[args[0]] !== undefined) args.splice(0, 2, places[args[0]], "127.0.0.1");
  return connect.apply(this, args);
};

async function get(server, cookie) {
  if (!server.listening) await once(server, "listening");
  const headers = cookie === undefined ? {} : { cookie };
  const response = await fetch(`http://127.0.0.1:${server.address().port}/`, { headers });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`answered ${response.status}: ${text}`);
  return response.headers.getSetCookie().map((line) => line.split(";")[0]);
}

await import(pathToFileURL(file).href);
for (const server of servers) {
  const cookies = await get(server);
  await get(server, cookies.join("; "));
}
process.stdout.write(`served ${servers.length}\n`);
// A test runner ends the process itself, and says by its code how the tests went.
if (!readFileSync(file, "utf8").includes('from "node:test"')) process.exit(0);
