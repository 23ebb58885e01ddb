/**
 * How this program is called by whoever runs it.
 *
 * @module
 */

/** What to type to get this CLI: the task of a clone, through npx where Deno came from there. */
export function programName(): string {
  if (Deno.build.standalone) return "waybill";
  // npx keeps what it downloads in a folder of that name, which is not on the user's PATH.
  const npx = /[\\/]_npx[\\/]/.test(Deno.execPath());
  return `${npx ? `npx -y deno@${Deno.version.deno}` : "deno"} task waybill`;
}

/** The version in `deno.json`. */
export async function programVersion(): Promise<string> {
  const { version }: { version: string } = JSON.parse(
    await Deno.readTextFile(new URL("../deno.json", import.meta.url)),
  );
  return version;
}
