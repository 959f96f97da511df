import { createPool } from "mysql2/promise";
import { expect, test, vi } from "vitest";
import { outageTests } from "../../core/test-support/stores/sql-outage.js";
import { freePort } from "./server.js";
import { subject } from "./subject.js";
import { describeWithServer } from "./support.js";

describeWithServer("a server that is down, hangs or refuses", () => {
  const { server, admin, open, failure } = outageTests({
    ...subject,
    freePort,
    queueIsFull: /Queue limit/,
    nobodyListens: "mysql: there is no connection to the server (ECONNREFUSED)",
    createAda: (admin) =>
      admin.query(
        `CREATE USER 'ada'@'%' IDENTIFIED BY 'hunter2';
         CREATE USER 'bob'@'%'; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON sess.* TO 'bob'@'%'`,
      ),
    refused: [
      [{ user: "ada" }, /refused the user or the password/],
      [{ user: "ada", password: "" }, /refused the user or the password/],
      [{ user: "eve" }, /refused the user or the password/],
      [{ user: "root", password: "", database: "nowhere" }, /there is no such database/],
      [{ user: "ada", password: "hunter2" }, /no right to the database/],
    ],
    writer: { user: "bob" },
    readOnly: (admin, on) => admin.query(`SET GLOBAL read_only = ${on ? 1 : 0}`),
    readOnlyCause: { errno: 1290 },
  });

  test("no table and no right to create it; no right to look at it", async () => {
    await admin().query("CREATE USER 'ada'@'%'; GRANT SELECT, INSERT, UPDATE, DELETE ON sess.* TO 'ada'@'%'");
    await admin().query("CREATE USER 'eve'@'%'; GRANT INSERT ON sess.* TO 'eve'@'%'");
    for (const options of [{ user: "ada" }, { user: "ada", createTable: false }, { user: "eve" }]) {
      const reason = "createTable" in options ? /there is no table/ : /lacks a right that is needed/;
      const refused = { code: "SESS_CONFIG", message: expect.stringMatching(reason) };
      expect(await failure(() => open(options))).toMatchObject(refused);
    }
    await (await open()).close();
    // Once it is there, nobody needs the right to create it.
    await (await open({ user: "ada" })).close();
    expect(await failure(() => open({ user: "eve" }))).toMatchObject({ code: "SESS_CONFIG" });
  });

  test("too many connections is SESS_UNAVAILABLE, and passes", async () => {
    await admin().query("SET GLOBAL max_connections = 10");
    await admin().query("CREATE USER 'ada'@'%'; GRANT ALL ON sess.* TO 'ada'@'%'");
    const hungry = createPool({ uri: server().url, connectionLimit: 9 });
    const held = await Promise.all(Array.from({ length: 9 }, () => hungry.getConnection()));
    expect(await failure(() => open({ user: "ada" }))).toMatchObject({ code: "SESS_UNAVAILABLE" });
    for (const connection of held) connection.release();
    await hungry.end();
    await vi.waitFor(async () => (await open({ user: "ada" })).close());
  });
});
