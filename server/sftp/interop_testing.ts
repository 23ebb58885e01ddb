/**
 * What real programs do with a server: each puts a tree, gets it back and cleans up. For a server in memory and for the
 * one that people use.
 *
 * @module
 */
import assert from "node:assert/strict";
import { requirePeer } from "../../core/testing/peer.ts";
import { type Ended, run } from "./programs_testing.ts";
import { makeTree, NAMES, readTree } from "./tree_testing.ts";

const LFTP = "/usr/bin/lftp";
const PSFTP = "/usr/bin/psftp";
const PYTHON = "/usr/bin/python3";
const PARAMIKO = "/usr/lib/python3/dist-packages/paramiko/__init__.py";
const RCLONE = "/usr/bin/rclone";
const SSHFS = "/usr/bin/sshfs";
const FUSERMOUNT = "/usr/bin/fusermount3";

/** Where to log in; the account's root folder is empty and is left so. */
export interface Target {
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** A private key, in OpenSSH's form, that logs in too. */
  readonly keyPath: string;
  /** `SHA256:…` of the host key. */
  readonly fingerprint: string;
}

/** One program's part. */
export interface Scenario {
  readonly name: string;
  /** Whether its programs are there. */
  readonly available: () => boolean;
  run(target: Target, folder: string): Promise<void>;
}

const SSH_OPTIONS = ["-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];

function sshCommand({ keyPath }: Target): string {
  return ["/usr/bin/ssh", "-a", "-x", ...SSH_OPTIONS, "-o", "LogLevel=ERROR", "-i", keyPath].join(" ");
}

function assertEnded({ code, out, err }: Ended, what: string): void {
  assert.equal(code, 0, `${what} ended with ${code}: ${out.slice(-500)}${err.slice(-2_000)}`);
}

/** Runs `lftp` with these commands; it stops at the first that fails. */
export async function lftp(target: Target, folder: string, commands: readonly string[]): Promise<Ended> {
  const settings = [
    `set sftp:connect-program "${sshCommand(target)}"`,
    "set sftp:charset UTF-8",
    "set file:charset UTF-8",
    "set net:max-retries 1",
    "set net:timeout 30",
    "set cmd:fail-exit yes",
  ];
  const script = [...settings, `open -u ${target.username}, sftp://127.0.0.1:${target.port}`, ...commands, "bye"];
  return await run(LFTP, ["--norc", "-c", script.join("; ")], {
    cwd: folder,
    env: { LC_ALL: "C.UTF-8", HOME: folder },
    patience: 300_000,
  });
}

/** Runs `rclone`; `PEER:` in an argument becomes the server's. */
export async function rclone(target: Target, folder: string, args: readonly string[]): Promise<Ended> {
  const { port, username, keyPath } = target;
  // Times are the server's own, and it runs no programs that hash.
  const remote = `:sftp,host=127.0.0.1,port=${port},user=${username},key_file=${keyPath},shell_type=none,` +
    "md5sum_command=none,sha1sum_command=none,set_modtime=false:";
  const named = args.map((arg) => arg.replace(/^PEER:/, remote));
  return await run(RCLONE, ["--config", "/dev/null", "--retries", "1", ...named], {
    cwd: folder,
    env: { HOME: folder },
    patience: 300_000,
  });
}

/** Runs `psftp` with these commands; it stops at the first that fails. */
export async function psftp(target: Target, folder: string, commands: readonly string[]): Promise<Ended> {
  await Deno.writeTextFile(`${folder}/psftp.txt`, `${commands.join("\n")}\n`);
  const { port, username, password, fingerprint } = target;
  const login = ["-P", String(port), "-l", username, "-pw", password, "-hostkey", fingerprint];
  const args = ["-batch", "-b", `${folder}/psftp.txt`, ...login, "127.0.0.1"];
  return await run(PSFTP, args, { cwd: folder, env: { HOME: folder, LC_ALL: "C.UTF-8" } });
}

/** Runs a program over paramiko: `sftp` is the session, `key` and `password` have logged it in. */
export async function paramiko(target: Target, folder: string, program: string): Promise<Ended> {
  const { port, username, password, keyPath } = target;
  const source = [
    "import os, paramiko, sys",
    `transport = paramiko.Transport(("127.0.0.1", ${port}))`,
    `key = paramiko.Ed25519Key.from_private_key_file(${JSON.stringify(keyPath)})`,
    `transport.connect(username="${username}", ${program.startsWith("# key") ? "pkey=key" : `password="${password}"`})`,
    "sftp = paramiko.SFTPClient.from_transport(transport)",
    program,
    "sftp.close()",
    "transport.close()",
  ];
  return await run(PYTHON, ["-W", "ignore", "-c", source.join("\n")], { cwd: folder, env: { LC_ALL: "C.UTF-8" } });
}

const PARAMIKO_PROGRAM = `
sftp.mkdir("py")
for name in os.listdir("tree"):
    path = os.path.join("tree", name)
    if os.path.isfile(path): sftp.put(path, "py/" + name)
assert sorted(sftp.listdir("py")) == sorted(name for name in os.listdir("tree") if os.path.isfile("tree/" + name))
os.mkdir("back")
for name in sftp.listdir("py"): sftp.get("py/" + name, "back/" + name)
with sftp.open("py/new", "w") as file: file.write("0123456789")
with sftp.open("py/new", "a") as file: file.write("abc")
with sftp.open("py/new", "r+") as file:
    file.seek(5)
    file.write("XY")
    file.seek(0)
    assert file.read() == b"01234XY789abc", "read"
    file.truncate(8)
assert sftp.stat("py/new").st_size == 8, "truncate"
sftp.truncate("py/new", 3)
sftp.utime("py/new", (1, 1))
sftp.chmod("py/new", 0o600)
assert sftp.stat("py/new").st_mtime > 1_000_000_000, "the time is the server's"
assert sftp.open("py/new").read() == b"012", "content"
try:
    sftp.open("py/new", "x")
    assert False, "exclusive"
except IOError: pass
try:
    sftp.stat("py/none")
    assert False, "none"
except FileNotFoundError: pass
try:
    sftp.symlink("new", "py/link")
    assert False, "symlink"
except IOError as error: assert "links" in str(error), error
sftp.posix_rename("py/new", "py/plain.csv")
for name in sftp.listdir("py"): sftp.remove("py/" + name)
sftp.rmdir("py")
assert sftp.normalize("py/../x/./y") == "/x/y"
assert sftp.listdir(".") == []
`;

const MOUNT_PROGRAM = `
import os, shutil
# Owners and times are the server's own.
shutil.copytree("tree", "mount/there", copy_function=shutil.copyfile)
shutil.copytree("mount/there", "back", copy_function=shutil.copyfile)
os.rename("mount/there/plain.csv", "mount/there/with space.csv")
with open("mount/there/-dash", "w") as file: file.write("one\\n")
with open("mount/there/-dash", "a") as file: file.write("two\\n")
assert open("mount/there/-dash").read() == "one\\ntwo\\n", "append"
os.truncate("mount/there/-dash", 2)
assert os.stat("mount/there/-dash").st_size == 2, "truncate"
try:
    os.symlink("a", "mount/there/link")
    assert False, "symlink"
except OSError: pass
assert os.statvfs("mount").f_bavail > 0
shutil.rmtree("mount/there")
assert os.listdir("mount") == []
`;

/** Every program's part but OpenSSH's own. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: "lftp mirrors a tree both ways, goes on with halves, and removes it",
    available: () => requirePeer("lftp (Debian package lftp)", LFTP),
    async run(target, folder) {
      await makeTree(`${folder}/tree`);
      assertEnded(await lftp(target, folder, ["mirror -R tree there", "mirror there back"]), "lftp");
      assert.deepEqual(await readTree(`${folder}/back`), await readTree(`${folder}/tree`));
      const commands = ["put -c tree/plain.csv -o there/plain.csv", "mv there/sub moved", "rm -r there moved", "ls"];
      const ended = await lftp(target, folder, commands);
      assertEnded(ended, "lftp");
      assert.equal(ended.out, "");
    },
  },
  {
    name: "rclone copies, checks, tells the room there is, and purges",
    available: () => requirePeer("rclone (Debian package rclone)", RCLONE),
    async run(target, folder) {
      await makeTree(`${folder}/tree`);
      assertEnded(await rclone(target, folder, ["copy", "tree", "PEER:/there"]), "rclone copy");
      const checked = await rclone(target, folder, ["check", "--download", "tree", "PEER:/there"]);
      assertEnded(checked, "rclone check");
      assert.match(checked.err, /0 differences found/);
      assertEnded(await rclone(target, folder, ["copy", "PEER:/there", "back"]), "rclone copy");
      assert.deepEqual(await readTree(`${folder}/back`), await readTree(`${folder}/tree`));
      assert.match((await rclone(target, folder, ["about", "PEER:/"])).out, /Free: /);
      assertEnded(await rclone(target, folder, ["purge", "PEER:/there"]), "rclone purge");
      assert.equal((await rclone(target, folder, ["lsf", "PEER:/"])).out, "");
    },
  },
  {
    name: "psftp puts and gets a tree, goes on with a half, renames and removes",
    available: () => requirePeer("psftp (Debian package putty-tools)", PSFTP),
    async run(target, folder) {
      // Its wildcards are removed by name below.
      await makeTree(`${folder}/tree`, ["plain.csv", "with space.csv", "日本語.csv"]);
      const ended = await psftp(target, folder, [
        "put -r tree there",
        "get -r there back",
        "reput tree/plain.csv there/plain.csv",
        'mv "there/with space.csv" there/moved',
        "chmod 600 there/moved",
        ...["plain.csv", "moved", "日本語.csv", "sub/empty", "sub/one"].map((name) => `rm there/${name}`),
        'rm "there/sub/deeper ü/block"',
        'rm "there/sub/deeper ü/large"',
        ...['"there/sub/deeper ü"', "there/sub", "there"].map((name) => `rmdir ${name}`),
      ]);
      assertEnded(ended, "psftp");
      assert.deepEqual(await readTree(`${folder}/back`), await readTree(`${folder}/tree`));
    },
  },
  {
    name: "paramiko puts, gets, appends, truncates, renames and removes, with password and key",
    available: () => requirePeer("paramiko (Debian package python3-paramiko)", PARAMIKO),
    async run(target, folder) {
      await makeTree(`${folder}/tree`, NAMES);
      assertEnded(await paramiko(target, folder, PARAMIKO_PROGRAM), "paramiko");
      await Deno.remove(`${folder}/tree/sub`, { recursive: true });
      assert.deepEqual(await readTree(`${folder}/back`), await readTree(`${folder}/tree`));
      assertEnded(await paramiko(target, folder, "# key\nassert sftp.listdir('.') == []"), "paramiko");
    },
  },
  {
    name: "sshfs mounts it: a tree is written, read, changed and removed as on a disk",
    available: () =>
      requirePeer("sshfs (Debian package sshfs)", SSHFS) &&
      requirePeer("fusermount3 (Debian package fuse3)", FUSERMOUNT),
    async run(target, folder) {
      const mount = `${folder}/mount`;
      await Deno.mkdir(mount);
      const options = [`ssh_command=${sshCommand(target)}`, "max_conns=1"].flatMap((option) => ["-o", option]);
      const args = [...options, "-p", String(target.port), `${target.username}@127.0.0.1:/`, mount];
      // Its `ssh` keeps what it is given to write to, so nothing of it can be read to the end.
      const mounted = await new Deno.Command(SSHFS, { args, stdin: "null", stdout: "null", stderr: "null" }).output();
      if (!mounted.success) {
        const { err } = await run(SSHFS, ["-f", ...args]);
        assert.match(err, /fuse|permitted/i, "it cannot mount, and not for want of FUSE");
        console.warn(`This machine cannot mount with FUSE, so sshfs is not tested: ${err.trim()}`);
        return;
      }
      try {
        await makeTree(`${folder}/tree`);
        // Not by this process: it may serve what it would wait for.
        assertEnded(await run(PYTHON, ["-c", MOUNT_PROGRAM], { cwd: folder, env: { LC_ALL: "C.UTF-8" } }), "python");
        assert.deepEqual(await readTree(`${folder}/back`), await readTree(`${folder}/tree`));
      } finally {
        assertEnded(await run(FUSERMOUNT, ["-u", mount]), "fusermount3");
      }
    },
  },
];
