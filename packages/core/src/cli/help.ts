/** At most 80 columns. */
export const help = `sess: looks after the sessions of an application built on @sess/core

  sess count             how many sessions there are
  sess list <owner>      an owner's sessions: handle, since when, last stored
  sess revoke <owner>    ends all of an owner's sessions
  sess revoke <owner> --handle <handle>
                         ends the one with that handle
  sess gc                removes expired records now
  sess doctor            looks for what will surprise you: eviction, TLS, clock,
                         table and indexes, permissions, round trip, the cookie

Which sessions:
  -c, --config <file>    a module that exports a Manager, or the arguments of
                         createManager, as "default", "sessions" or "manager":
                         export default ["redis", { providerConfig: "redis:…" }]
  -c, --config <json>    or the configuration itself, together with --provider
  -p, --provider <name>  memory, file, redis, mysql, postgres, cookie, or the
                         name of a package, as installed in the present folder
  -n, --namespace <name> the Manager's namespace, if the configuration does not
                         have it. Owners are known by it: with another one,
                         list and revoke find nothing
  SESS_CONFIG            in the environment, in place of --config: the list of
                         processes shows a password of the command line

  --json                 one line of JSON
  --peer <address>       of doctor: the proxy's address, for a trustProxy that
                         is a function
  -h, --help             this text
  --version              the version

No id and no value of a session is printed. doctor writes one record, which is
no session and expires after two minutes.

Exit codes: 0 done, and doctor found no problem. 1 failed, or doctor found a
problem. 2 called or configured wrongly.
`;
