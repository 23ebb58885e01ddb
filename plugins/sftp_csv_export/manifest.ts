/**
 * Writes the manifest beside the file.
 *
 * @module
 */
import type { ExportContext } from "@waybill/waybill";
import {
  type ExportManifest,
  manifestBytes,
  type ManifestContents,
  manifestName,
  parseDelimiter,
} from "@waybill/waybill/codecs";
import { columnNames } from "../file_service/exports/mod.ts";
import type { MaybePgpConnection } from "../file_service/mod.ts";
import type { Checkpoint, WrittenFile } from "./checkpoint.ts";
import type { SftpCsvExportOptions } from "./config.ts";

type Context = ExportContext<SftpCsvExportOptions, MaybePgpConnection, Checkpoint>;

/** Signs and writes it. `owner` is who writes, for the store. */
export async function writeManifest(
  context: Context,
  path: string,
  written: WrittenFile,
  owner: string,
): Promise<void> {
  const { connection, signal } = context;
  const contents = contentsOf(context, path, written);
  const { publicKey, signature } = await context.sign(manifestBytes(contents));
  const manifest: ExportManifest = {
    ...contents,
    signature: { algorithm: "Ed25519", public_key: publicKey, value: signature },
  };
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  const options = { signal, owner, makeFolders: false };
  await connection.files.write(manifestName(path), new Blob([text]).stream(), options);
}

function contentsOf(context: Context, path: string, { rows, bytes, sha256, at }: WrittenFile): ManifestContents {
  const { config, columns, audience, run, connection } = context;
  return {
    version: 1,
    file: path.slice(path.lastIndexOf("/") + 1),
    rows,
    columns: columnNames(context).map((name, index) => ({ name, kind: columns[index]?.kind ?? null })),
    bytes,
    sha256,
    csv: {
      delimiter: parseDelimiter(config.delimiter),
      join: config.join,
      line_ending: config.line_ending,
      header: config.include_headers,
      compress: config.compress,
      encrypted: connection.encrypt !== undefined,
    },
    audience: { id: audience.id, slug: audience.slug, name: audience.name },
    job: run.job === null ? null : { id: run.job.id, label: run.job.label, revision: run.job.revision },
    run: run.id,
    created_at: new Date(at).toISOString(),
  };
}
