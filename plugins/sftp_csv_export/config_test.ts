import assert from "node:assert/strict";
import { config } from "./config.ts";

const problem = (given: object): string | undefined => {
  const issue = config.safeParse({ audience: "all", ...given }).error?.issues[0];
  return issue && `${issue.path.join(".")}: ${issue.message}`;
};

Deno.test("an audience is all that has to be given", () => {
  assert.deepEqual(config.parse({ audience: "all" }), {
    audience: "all",
    folder: "",
    compress: "none",
    include_headers: true,
    audience_name: false,
    audience_slug: false,
    additional_audiences: false,
    fields: [],
    delimiter: ",",
    join: "&",
    line_ending: "crlf",
    spreadsheet_safe: false,
    timestamp_format: "none",
    manifest: false,
  });
  assert.equal(problem({ audience: "" }), "audience: must name an audience");
});

Deno.test("what cannot be is refused when a job is saved, and told in words", () => {
  for (const user_limit of [0, -1]) {
    assert.equal(problem({ user_limit }), "user_limit: must be 1 or more; leave it out to export everybody");
  }
  assert.match(problem({ user_limit: 1.5 }) ?? "", /^user_limit: /);
  for (const delimiter of [",,", '"', "", "\n"]) {
    assert.match(problem({ delimiter }) ?? "", /^delimiter: Delimiter ".*" cannot separate cells: give one character/);
  }
  for (const join of ["&&", "\\", "", "\n"]) {
    assert.match(problem({ join }) ?? "", /^join: Join ".*" cannot stand between values: give one character/);
  }
  assert.equal(problem({ delimiter: "|", join: "|" }), "join: must be another character than the delimiter");
  assert.equal(problem({ delimiter: "t", join: "\t" }), "join: must be another character than the delimiter");
  assert.equal(problem({ delimiter: "|", join: "," }), undefined);
  assert.match(problem({ timestamp_format: "YYYY" }) ?? "", /^timestamp_format: /);
  assert.match(problem({ compress: "rar" }) ?? "", /^compress: /);
  assert.equal(problem({ hold_change: 0 }), "hold_change: must be more than 0");
});
