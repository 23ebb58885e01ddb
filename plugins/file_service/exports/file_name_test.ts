import assert from "node:assert/strict";
import { parseDatedName } from "@waybill/waybill/files";
import { csvName, fileName, type NameParts, type Stamp, STAMPS } from "./file_name.ts";

/** 23:59:58 in Berlin, 22:59:58 in UTC, and the next day in Auckland. */
const startedAt = Date.parse("2026-03-09T22:59:58.999Z");
const parts = (stamp: Stamp, timeZone = "Europe/Berlin"): NameParts => ({
  slug: "all_people",
  stamp,
  startedAt,
  timeZone,
  compress: "none",
  encrypted: false,
});

Deno.test("a name holds the audience's slug and the run's start, in the form and time zone that are chosen", () => {
  const names = (zone: string) => STAMPS.map((stamp) => csvName(parts(stamp, zone)).slice("all_people".length, -4));
  assert.deepEqual(names("Europe/Berlin"), [
    "",
    "_20260309",
    "_202603092359",
    "_20260309235958",
    "_2026-03-09",
    "_2026-03-09T22-59-58Z",
    "_03092026",
    "_1773097198",
  ]);
  assert.deepEqual(names("Pacific/Auckland").slice(1, 5), [
    "_20260310",
    "_202603101159",
    "_20260310115958",
    "_2026-03-10",
  ]);
});

Deno.test("a name ends in what was done with the file, and is numbered before that", () => {
  const named = (compress: NameParts["compress"], encrypted: boolean, count?: number) =>
    fileName({ ...parts("YYYYMMDD"), compress, encrypted }, count);
  assert.deepEqual([named("none", false), named("gzip", false), named("zip", false), named("none", true)], [
    "all_people_20260309.csv",
    "all_people_20260309.csv.gz",
    "all_people_20260309.csv.zip",
    "all_people_20260309.csv.pgp",
  ]);
  assert.equal(named("gzip", true, 3), "all_people_20260309-3.csv.gz.pgp");
});

Deno.test("an import of dated files finds the timestamp of every name that has one", () => {
  for (const stamp of STAMPS.filter((stamp) => stamp !== "none")) {
    const name = csvName(parts(stamp, "UTC"));
    const found = parseDatedName(name, { monthFirst: stamp === "MMDDYYYY" });
    assert.ok(found.dated, name);
    const day = stamp === "unix" || /ss/.test(stamp)
      ? "2026-03-09T22:59:58Z"
      : stamp.includes("mm")
      ? "2026-03-09T22:59:00Z"
      : "2026-03-09T00:00:00Z";
    assert.equal(new Date(found.time).toISOString(), new Date(day).toISOString(), name);
  }
});
