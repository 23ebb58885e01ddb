import assert from "node:assert/strict";
import { Failure } from "../contracts/failure.ts";
import { describePostgres, isPostgresUrl, parsePostgresUrl } from "./postgres_url.ts";

Deno.test("a PostgreSQL URL gives every part, decoded, and defaults for what it leaves out", () => {
  assert.deepEqual(
    parsePostgresUrl(
      "postgresql://j%C3%B6rg:p%40ss%2F1@[2001:db8::1]:6432/my%20db?sslmode=verify-full&sslrootcert=/ca.crt&application_name=x&connect_timeout=3",
    ),
    {
      host: "2001:db8::1",
      port: 6432,
      database: "my db",
      user: "jörg",
      password: "p@ss/1",
      sslMode: "verify-full",
      rootCertificate: "/ca.crt",
      applicationName: "x",
      connectTimeout: 3000,
    },
  );
  assert.deepEqual(parsePostgresUrl("postgres://waybill@db.example.com"), {
    host: "db.example.com",
    port: 5432,
    database: "waybill",
    user: "waybill",
    password: undefined,
    sslMode: "require",
    rootCertificate: undefined,
    applicationName: "waybill",
    connectTimeout: 10_000,
  });
});

Deno.test("TLS is asked for unless the host is this machine, and an authority is used where one is named", () => {
  const mode = (host: string, search = "") => parsePostgresUrl(`postgres://u@${host}/d${search}`).sslMode;
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "[::1]"]) assert.equal(mode(host), "disable", host);
  for (const host of ["10.0.0.1", "db", "localhost.example.com", "[::2]"]) assert.equal(mode(host), "require", host);
  assert.equal(mode("db", "?host=/run/postgresql"), "disable");
  assert.equal(mode("localhost", "?sslmode=require"), "require");
  assert.equal(mode("db", "?sslmode=require&sslrootcert=/ca.crt"), "verify-ca");
  for (const host of ["db", "localhost"]) assert.equal(mode(host, "?sslrootcert=/ca.crt"), "verify-ca");
  assert.equal(mode("db", "?sslmode=disable"), "disable");
});

Deno.test("messages name place and user, never the password", () => {
  const settings = parsePostgresUrl("postgres://u:secret@[::1]:1/d");
  assert.equal(describePostgres(settings), 'database "d" at [::1]:1, user "u"');
});

Deno.test("URLs of PostgreSQL are told from others", () => {
  assert(isPostgresUrl("postgres://u@h/d") && isPostgresUrl("PostgreSQL://u@h/d"));
  for (const url of ["mysql://u@h/d", "/var/lib/waybill.db", "postgres:u@h", ""]) assert(!isPostgresUrl(url), url);
});

const UNUSABLE: readonly (readonly [url: string, message: RegExp])[] = [
  ["secret", /is no URL$/],
  ["postgres://u:secret#1@h/d", /is no URL$/],
  ["postgres://u:sec/ret@h/d", /is no URL$/],
  ["postgres://u:wrong@secret/QQ@h/d", /names no database$/],
  ["mysql://u:secret@h/d", /does not start with "postgres:\/\/"$/],
  ["postgres://h/d", /names no user$/],
  ["postgres:///d", /names no user$/],
  ["postgres://u:secret@/d?host=/run/postgresql", /is no URL$/],
  ["postgres://u:secret@h/%ff", /has a database that is not percent-encoded$/],
  ["postgres://u:secret%@h/d", /has a password that is not percent-encoded$/],
  ["postgres://u:secret@h/d?sslmode=prefer", /has sslmode "prefer"$/],
  ["postgres://u:secret@h/d?pool=3", /has the unknown parameter "pool"$/],
  ["postgres://u:secret@h/d?connect_timeout=soon", /has connect_timeout "soon"$/],
  ["postgres://u:secret@h/d?connect_timeout=0", /has connect_timeout "0"$/],
];

Deno.test("a URL that cannot be used is refused with what is wrong in it, and without the password", () => {
  for (const [url, message] of UNUSABLE) {
    assert.throws(() => parsePostgresUrl(url), (error: unknown) => {
      assert(error instanceof Failure, String(error));
      assert.equal(error.kind, "config");
      assert.match(error.message, message);
      assert(error.hint);
      assert(!JSON.stringify(error).includes("secret") && error.cause === undefined);
      return true;
    });
  }
});
