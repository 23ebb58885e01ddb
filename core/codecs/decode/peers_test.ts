import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { requirePeer } from "../../testing/peer.ts";
import { decoded, outcome } from "./decode_testing.ts";

const TEXT = "id,name\n" + Array.from({ length: 5_000 }, (_, id) => `${id},name ${id * 7919 % 1000}\n`).join("");

/** A folder with a file `a.csv`, in which programs are run. */
class Workshop implements AsyncDisposable {
  private constructor(readonly folder: string) {}

  static async open(): Promise<Workshop> {
    const folder = await Deno.makeTempDir();
    await Deno.writeTextFile(`${folder}/a.csv`, TEXT);
    return new Workshop(folder);
  }

  async run(program: string, args: readonly string[], input?: Uint8Array): Promise<Uint8Array> {
    const command = new Deno.Command(program, {
      args: [...args],
      cwd: this.folder,
      stdin: input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    });
    const child = command.spawn();
    const writing = input === undefined ? undefined : new Blob([input.slice()]).stream().pipeTo(child.stdin);
    const { success, stdout, stderr } = await child.output();
    await writing;
    assert.ok(success, `${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    return stdout;
  }

  async file(name: string): Promise<Uint8Array> {
    return await Deno.readFile(`${this.folder}/${name}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

function testPeer(program: string, name: string, test: (workshop: Workshop, program: string) => Promise<void>): void {
  Deno.test(name, async () => {
    if (!requirePeer(program, program)) return;
    await using workshop = await Workshop.open();
    await test(workshop, program);
  });
}

testPeer("/usr/bin/gzip", "gzip's files are read, also one after another", async (workshop, gzip) => {
  for (const level of ["-1", "-9"]) {
    const packed = await workshop.run(gzip, [level, "-c", "a.csv"]);
    assert.deepEqual(await decoded("a.csv.gz", packed), { "a.csv.gz": TEXT });
    assert.deepEqual(await decoded("a.csv.gz", Buffer.concat([packed, packed])), { "a.csv.gz": TEXT + TEXT });
  }
});

testPeer("/usr/bin/pigz", "pigz's files are read, whether blocks or members", async (workshop, pigz) => {
  for (const args of [["-p2"], ["-p2", "-i", "-b128"], ["-11", "-I1"]]) {
    const packed = await workshop.run(pigz, [...args, "-c", "a.csv"]);
    assert.deepEqual(await decoded("a.gz", Buffer.concat([packed, packed])), { "a.gz": TEXT + TEXT });
  }
  assert.deepEqual(await decoded("a.zip", await workshop.run(pigz, ["-K", "-c", "a.csv"])), { "a.csv": TEXT });
});

testPeer(
  "/usr/bin/zstd",
  "zstd's files are read, whatever the level, the checksum and the window",
  async (workshop, zstd) => {
    for (const args of [["-1"], ["-19", "--no-check"], ["--ultra", "-22"], ["--long=27"], ["--rsyncable", "-T2"]]) {
      const packed = await workshop.run(zstd, ["-q", ...args, "-c", "a.csv"]);
      assert.deepEqual(await decoded("a.zst", Buffer.concat([packed, packed])), { "a.zst": TEXT + TEXT });
    }
    const piped = await workshop.run(zstd, ["-q", "-c"], Buffer.from(TEXT));
    assert.deepEqual(await decoded("a.zst", piped), { "a.zst": TEXT });
    const large = await workshop.run(zstd, ["-q", "--long=31", "-c"], Buffer.from(TEXT));
    assert.match(
      String(await outcome("a.zst", large)),
      /^data: .*takes more than 134217728 bytes of memory to unpack$/,
    );
  },
);

testPeer("/usr/bin/zip", "zip's archives are read", async (workshop, zip) => {
  await Deno.mkdir(`${workshop.folder}/in`);
  await Deno.writeTextFile(`${workshop.folder}/in/Zoë.csv`, "id\n1\n");
  for (const args of [[], ["-0"], ["-9"], ["-fz"], ["-fd"]]) {
    await workshop.run(zip, ["-q", "-r", ...args, "x.zip", "a.csv", "in"]);
    const archive = await workshop.file("x.zip");
    const content = { "a.csv": TEXT, "in/Zoë.csv": "id\n1\n" };
    assert.deepEqual(await decoded("x.zip", archive), content, args.join());
    await Deno.writeFile(`${workshop.folder}/sfx.zip`, Buffer.concat([Buffer.from("#!/bin/sh\nexit\n"), archive]));
    assert.deepEqual(await decoded("x.zip", await workshop.file("sfx.zip")), content, args.join());
    await Deno.remove(`${workshop.folder}/x.zip`);
    // It cannot adjust its own zip64 archives.
    if (args.includes("-fz")) continue;
    await workshop.run(zip, ["-q", "-A", "sfx.zip"]);
    assert.deepEqual(await decoded("x.zip", await workshop.file("sfx.zip")), content, args.join());
  }
  const piped = await workshop.run(zip, ["-q", "-", "-"], Buffer.from(TEXT));
  assert.deepEqual(await decoded("x.zip", piped), { "-": TEXT });
  await workshop.run(zip, ["-q", "-P", "secret", "e.zip", "a.csv"]);
  assert.equal(
    await outcome("e.zip", await workshop.file("e.zip")),
    'data: Zip archive "e.zip" is encrypted: "a.csv"',
  );
  await Deno.writeFile(`${workshop.folder}/noise`, crypto.getRandomValues(new Uint8Array(65_536)));
  await workshop.run(zip, ["-q", "-s", "64k", "s.zip", "noise", "a.csv"]);
  assert.equal(
    await outcome("s.zip", await workshop.file("s.zip")),
    'data: Zip archive "s.zip" is spread over several files',
  );
});

testPeer(
  "/usr/bin/7z",
  "7-Zip's zip archives are read, or refused by the name of their method",
  async (workshop, sevenZip) => {
    const pack = async (name: string, args: readonly string[]) => {
      await workshop.run(sevenZip, ["a", "-tzip", ...args, name, "a.csv"]);
      return await workshop.file(name);
    };
    assert.deepEqual(await decoded("x.zip", await pack("plain.zip", [])), { "a.csv": TEXT });
    assert.deepEqual(await decoded("x.zip", await pack("copy.zip", ["-mm=Copy"])), { "a.csv": TEXT });
    const methods = { Deflate64: "Deflate64", BZip2: "bzip2", LZMA: "LZMA", PPMd: "PPMd" };
    for (const [method, told] of Object.entries(methods)) {
      const archive = await pack(`${method}.zip`, [`-mm=${method}`]);
      assert.equal(await outcome("x.zip", archive), `data: Zip archive "x.zip" is packed with ${told}: "a.csv"`);
    }
    for (const encryption of ["ZipCrypto", "AES256"]) {
      const archive = await pack(`${encryption}.zip`, ["-psecret", `-mem=${encryption}`]);
      assert.equal(await outcome("x.zip", archive), 'data: Zip archive "x.zip" is encrypted: "a.csv"');
    }
  },
);
