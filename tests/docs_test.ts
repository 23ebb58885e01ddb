import assert from "node:assert/strict";

const root = new URL("../", import.meta.url);

/** Every Markdown page of the repository, as a path from its root. */
function* pages(folder = ""): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder || ".", root))) {
    if (name.startsWith(".") || name === "node_modules") continue;
    if (isDirectory) yield* pages(`${folder}${name}/`);
    else if (name.endsWith(".md")) yield folder + name;
  }
}

/** The relative links of a page, without their fragments; code is no link. */
function links(text: string): string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, "").replaceAll(/`[^`\n]*`/g, "");
  return [...prose.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

Deno.test("every relative link in the documentation leads to a file", () => {
  const dead: string[] = [];
  for (const page of pages()) {
    // The template names a decision that does not exist yet.
    if (page === "docs/adr/template.md") continue;
    for (const target of links(Deno.readTextFileSync(new URL(page, root)))) {
      try {
        Deno.statSync(new URL(target, new URL(page, root)));
      } catch {
        dead.push(`${page} → ${target}`);
      }
    }
  }
  assert.deepEqual(dead, []);
});

Deno.test("every decision is listed in docs/README.md, once, under a number of its own", () => {
  const listed = links(Deno.readTextFileSync(new URL("docs/README.md", root)))
    .filter((target) => /^adr\/\d/.test(target));
  const written = [...pages("docs/adr/")]
    .map((page) => page.slice("docs/".length))
    .filter((page) => page !== "adr/template.md");
  assert.deepEqual(listed, written.sort());
  const numbers = written.map((page) => page.slice("adr/".length, "adr/0000".length));
  assert.equal(new Set(numbers).size, numbers.length, `two decisions share a number: ${written.join(", ")}`);
});

interface Config {
  readonly tasks: Readonly<Record<string, { readonly command: string }>>;
}

Deno.test("no task has all permissions, and docs/permissions.md gives a reason for each one granted", () => {
  const { tasks }: Config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const text = Deno.readTextFileSync(new URL("docs/permissions.md", root));
  const reasons = [...text.matchAll(/--allow-([a-z]+)(?:=([^`]+))?`/g)]
    .flatMap(([, kind = "", values = ""]) => values.split(",").map((value) => `${kind} ${value}`));
  for (const [name, { command }] of Object.entries(tasks)) {
    // Its permissions are a sentence of the page, not a table.
    if (name === "ok") continue;
    assert.doesNotMatch(command, /(?:^|\s)(?:-[A-Za-z]*A|--allow-all)\b/, `task "${name}"`);
    for (const [, kind = "", values = ""] of command.matchAll(/--allow-([a-z]+)(?:=([^\s']+))?/g)) {
      for (const value of values.split(",")) {
        assert.ok(reasons.includes(`${kind} ${value}`), `task "${name}": --allow-${kind}=${value} has no reason`);
      }
    }
  }
});

Deno.test("the tests may run every program whose package .ci/run installs", () => {
  const gate = Deno.readTextFileSync(new URL(".ci/run", root));
  const { tasks }: Config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", root)));
  const programs: Readonly<Record<string, string>> = {
    "openssh-server": "/usr/sbin/sshd",
    "openssh-client": "/usr/bin/ssh-keygen",
    "openssl": "/usr/bin/openssl",
    "sqlite3": "/usr/bin/sqlite3",
    "procps": "/usr/bin/ps",
    "curl": "/usr/bin/curl",
    "postgresql": "/usr/bin/setpriv",
    "zip": "/usr/bin/zip",
    "unzip": "/usr/bin/unzip",
    "p7zip-full": "/usr/bin/7z",
    "gzip": "/usr/bin/gzip",
    "pigz": "/usr/bin/pigz",
    "zstd": "/usr/bin/zstd",
    "gpg": "/usr/bin/gpg",
    "gpg-agent": "/usr/bin/gpgconf",
    "sqop": "/usr/bin/sqop",
    "rnp": "/usr/bin/rnp",
    "dropbear-bin": "/usr/sbin/dropbear",
    "lftp": "/usr/bin/lftp",
    "putty-tools": "/usr/bin/psftp",
    "python3-paramiko": "/usr/bin/python3",
    "python3-aiosmtpd": "/usr/bin/python3",
    "python3-requests": "/usr/bin/python3",
    "sshfs": "/usr/bin/sshfs",
    "rclone": "/usr/bin/rclone",
  };
  const packages = /^PACKAGES=\((.*)\)$/m.exec(gate)?.[1]?.split(" ") ?? [];
  const allowed = /--allow-run=(\S+)/.exec(tasks["test"]?.command ?? "")?.[1]?.split(",") ?? [];
  assert.ok(packages.length > 0);
  for (const name of packages) {
    assert.ok(allowed.includes(programs[name] ?? name), `the test task cannot run what "${name}" installs`);
  }
});
