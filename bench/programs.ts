/**
 * The programs of others that a part of the bench needs, and what it ran on.
 *
 * @module
 */
import { existsSync } from "node:fs";

/** What is there once a Debian package is installed. */
const PACKAGES = {
  "time": "/usr/bin/time",
  "openssh-server": "/usr/sbin/sshd",
  "openssh-client": "/usr/bin/sftp",
  "rclone": "/usr/bin/rclone",
  "lftp": "/usr/bin/lftp",
  "gpg": "/usr/bin/gpg",
  "sqlite3": "/usr/bin/sqlite3",
  "postgresql": "/usr/lib/postgresql",
  "postgresql-client": "/usr/bin/psql",
  "wrk": "/usr/bin/wrk",
};

/** A Debian package that the bench knows. */
export type Package = keyof typeof PACKAGES;

/** Those that are not installed. */
export function missing(packages: readonly Package[]): Package[] {
  return packages.filter((name) => !existsSync(PACKAGES[name]));
}

/** The machine and the versions, as lines of Markdown. */
export async function describeMachine(): Promise<string[]> {
  const processor = (await says("lscpu")).split("\n").find((line) => line.startsWith("Model name"))?.split(":")[1];
  const memory = (Deno.systemMemoryInfo().total / 1_073_741_824).toFixed(0);
  const versions: readonly (readonly [Package, () => Promise<string>])[] = [
    ["openssh-client", () => says("ssh", "-V")],
    ["rclone", async () => firstLine(await says(PACKAGES.rclone, "version"))],
    ["gpg", async () => firstLine(await says(PACKAGES.gpg, "--version"))],
    ["sqlite3", async () => `sqlite3 ${(await says(PACKAGES.sqlite3, "--version")).split(" ")[0]}`],
    ["postgresql-client", () => says(PACKAGES["postgresql-client"], "--version")],
  ];
  const programs = await Promise.all(
    versions.map(async ([name, version]) => missing([name]).length === 0 ? await version() : `no ${name}`),
  );
  return [
    `${navigator.hardwareConcurrency} cores (${processor?.trim() ?? "unknown"}), ${memory} GiB of memory, ` +
    `${Deno.build.os} ${Deno.build.arch}`,
    `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}`,
    ...programs,
    (await libraries(["csv-parse", "papaparse", "udsv", "openpgp"])).join(", "),
    new Date().toISOString().slice(0, 10),
  ].map((line) => `- ${line}`);
}

/** Names and versions of npm packages, as deno.json pins them. */
async function libraries(names: readonly string[]): Promise<string[]> {
  const config: { imports: Record<string, string> } = JSON.parse(
    await Deno.readTextFile(new URL("../deno.json", import.meta.url)),
  );
  return names.map((name) => (config.imports[name] ?? name).replace("npm:", "").replace("@", " "));
}

/** What a program prints, wherever it does. */
async function says(program: string, ...args: string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(program, { args }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return text(stdout) || text(stderr);
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
