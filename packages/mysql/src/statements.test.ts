import { expect, test, vi } from "vitest";
import type { MysqlConnection, Value } from "./pool.js";
import { Statements } from "./statements.js";

type Answer = () => Promise<[unknown, unknown]>;

/** A pool whose connections answer in turn as they are told, and which says what became of each. */
function pool(...answers: readonly Answer[]) {
  const log: string[] = [];
  const rest = [...answers];
  const connection = (name: string): MysqlConnection => ({
    execute: async () => {
      log.push(`${name} asked`);
      return (rest.shift() ?? (() => Promise.reject(new Error("asked too often"))))();
    },
    release: () => log.push(`${name} released`),
    destroy: () => log.push(`${name} destroyed`),
  });
  let opened = 0;
  const getConnection = vi.fn(async () => connection(`c${++opened}`));
  const link = {
    pool: { getConnection },
    size: 2,
    execute: (each: MysqlConnection, sql: string, values: Value[]) =>
      each.execute({ sql, rowsAsArray: true, nestTables: false }, values),
    discard: (each: MysqlConnection) => each.destroy(),
    breakOff: () => {},
    close: async () => {},
  };
  return { log, link, getConnection, connection };
}

const failing = (errno: number, sqlState: string | undefined = "HY000") => {
  const error = Object.assign(new Error("failed"), { errno, ...(sqlState && { sqlState }) });
  return () => Promise.reject(error);
};
const lost = () => Promise.reject(Object.assign(new Error("gone"), { code: "ECONNRESET", errno: -104, fatal: true }));
const never = () => new Promise<[unknown, unknown]>(() => {});
const affected =
  (affectedRows: number): Answer =>
  async () => [{ affectedRows }, undefined];
const rows =
  (...found: unknown[][]): Answer =>
  async () => [found, []];
const unavailable = { code: "SESS_UNAVAILABLE" };

test("an answer that does not come in time is SESS_UNAVAILABLE, and the connection is destroyed", async () => {
  const { log, link } = pool(never);
  const statements = new Statements(link, 20);
  await expect(statements.rows("x", [], statements.deadline())).rejects.toMatchObject(unavailable);
  expect(log).toEqual(["c1 asked", "c1 destroyed"]);
});

test("a connection that comes too late goes back, and nothing is asked of it", async () => {
  const { log, link, getConnection, connection } = pool();
  let give: (connection: MysqlConnection) => void = () => {};
  getConnection.mockReturnValueOnce(new Promise((resolve) => (give = resolve)));
  const statements = new Statements(link, 20);
  await expect(statements.write("x", [], statements.deadline())).rejects.toMatchObject(unavailable);
  give(connection("late"));
  await vi.waitFor(() => expect(log).toEqual(["late released"]));
});

test("a read replaces each dead connection by another, but not forever", async () => {
  const healed = pool(lost, lost, rows([1]));
  const statements = new Statements(healed.link, 1000);
  expect(await statements.rows("x", [], statements.deadline())).toEqual([[1]]);
  expect(healed.log).toEqual(["c1 asked", "c1 destroyed", "c2 asked", "c2 destroyed", "c3 asked", "c3 released"]);
  const dead = pool(lost, lost, lost, lost);
  const others = new Statements(dead.link, 1000);
  await expect(others.rows("x", [], others.deadline())).rejects.toMatchObject(unavailable);
  expect(dead.getConnection).toHaveBeenCalledTimes(3);
});

test("a write whose connection is lost is not sent again: whether it was carried out is unknown", async () => {
  const { log, link } = pool(lost, affected(1));
  const statements = new Statements(link, 1000);
  await expect(statements.write("x", [], statements.deadline())).rejects.toMatchObject(unavailable);
  expect(log).toEqual(["c1 asked", "c1 destroyed"]);
});

test.each([1205, 1213, 1020])("%d: sent again as a whole, on whatever connection, ten times at most", async (errno) => {
  const { log, link } = pool(failing(errno), failing(errno), affected(1));
  const statements = new Statements(link, 5000);
  expect(await statements.write("x", [], statements.deadline())).toBe(1);
  expect(log.filter((line) => line.endsWith("released"))).toHaveLength(3);
  const hopeless = pool(...Array.from({ length: 20 }, () => failing(errno)));
  const others = new Statements(hopeless.link, 60_000);
  vi.spyOn(Math, "random").mockReturnValue(0);
  await expect(others.write("x", [], others.deadline())).rejects.toMatchObject({ ...unavailable, cause: { errno } });
  expect(hopeless.getConnection).toHaveBeenCalledTimes(10);
  vi.restoreAllMocks();
});

test("no attempt begins that the deadline would cut off", async () => {
  const { link, getConnection } = pool(failing(1213), affected(1));
  vi.spyOn(Math, "random").mockReturnValue(1);
  const statements = new Statements(link, 9);
  await expect(statements.write("x", [], statements.deadline())).rejects.toMatchObject(unavailable);
  expect(getConnection).toHaveBeenCalledTimes(1);
  vi.restoreAllMocks();
});

test.each([1243, 1615])(
  "%d: a statement that the server has forgotten is prepared on another connection",
  async (errno) => {
    const { log, link } = pool(failing(errno), affected(1));
    const statements = new Statements(link, 5000);
    expect(await statements.write("x", [], statements.deadline())).toBe(1);
    expect(log).toEqual(["c1 asked", "c1 destroyed", "c2 asked", "c2 released"]);
  },
);

test.each([1290, 1792, 1836])(
  "%d: a server that became read-only is SESS_UNAVAILABLE, and is not gone on with",
  async (errno) => {
    const { log, link } = pool(failing(errno));
    const statements = new Statements(link, 1000);
    const failure = { ...unavailable, message: "mysql: the server is read-only" };
    await expect(statements.write("x", [], statements.deadline())).rejects.toMatchObject(failure);
    expect(log).toEqual(["c1 asked", "c1 destroyed"]);
  },
);

test("any other error of the server leaves the connection in use, and is thrown as it came where it is allowed", async () => {
  const { log, link } = pool(failing(1062, "23000"), failing(1062, "23000"));
  const statements = new Statements(link, 1000);
  const allows = () => true;
  await expect(statements.write("x", [], statements.deadline(), allows)).rejects.toMatchObject({ errno: 1062 });
  await expect(statements.write("x", [], statements.deadline())).rejects.toMatchObject(unavailable);
  expect(log).toEqual(["c1 asked", "c1 released", "c2 asked", "c2 released"]);
});

// The answers on a connection had shifted by one, and each user got the session of the one before.
test("CVE-2023-28858 (redis-py): a row of somebody else is never given, and its connection is dropped", async () => {
  const mine = (row: readonly unknown[]) => row[0] === "mine";
  const shifted = pool(rows(["theirs"]), rows(["mine"]));
  const statements = new Statements(shifted.link, 1000);
  expect(await statements.rows("x", [], statements.deadline(), mine)).toEqual([["mine"]]);
  expect(shifted.log).toEqual(["c1 asked", "c1 destroyed", "c2 asked", "c2 released"]);
  const always = pool(rows(["theirs"]), rows(["theirs"]), rows(["theirs"]));
  const others = new Statements(always.link, 1000);
  await expect(others.rows("x", [], others.deadline(), mine)).rejects.toMatchObject(unavailable);
});

test("an answer of another kind is an error, not a success", async () => {
  const { log, link } = pool(rows([1]), affected(1), affected(1), affected(1));
  const statements = new Statements(link, 1000);
  await expect(statements.write("x", [], statements.deadline())).rejects.toMatchObject(unavailable);
  await expect(statements.rows("x", [], statements.deadline())).rejects.toMatchObject(unavailable);
  expect(log.filter((line) => line.endsWith("destroyed"))).toHaveLength(4);
});

test("after close nothing is asked for any more; what is under way is unknown, not closed", async () => {
  const { link, getConnection } = pool(lost);
  const statements = new Statements(link, 1000);
  const under = statements.write("x", [], statements.deadline());
  const failure = expect(under).rejects.toMatchObject(unavailable);
  await vi.waitFor(() => expect(getConnection).toHaveBeenCalled());
  await statements.close();
  await failure;
  const closed = { code: "SESS_CLOSED" };
  await expect(statements.rows("x", [], statements.deadline())).rejects.toMatchObject(closed);
  expect(() => statements.assertOpen()).toThrow(expect.objectContaining(closed));
});

test("a pool that throws is SESS_UNAVAILABLE", async () => {
  const { link, getConnection } = pool();
  getConnection.mockImplementationOnce(() => {
    throw new TypeError("no");
  });
  const statements = new Statements(link, 1000);
  await expect(statements.rows("x", [], statements.deadline())).rejects.toMatchObject(unavailable);
});
