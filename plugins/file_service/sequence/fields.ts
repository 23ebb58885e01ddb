/**
 * Configuration fields that choose which files an import reads; spread them into the config of a job type.
 *
 * @module
 */
import { Failure, type FieldMeta } from "@waybill/waybill";
import { z } from "zod";

/** The shape of {@linkcode sequenceFields}. */
export interface SequenceFields {
  /** What the names of a dated sequence begin with. */
  prefix: z.ZodOptional<z.ZodString>;
  /** Whether eight digits may be a date with the month first. */
  month_first: z.ZodDefault<z.ZodBoolean>;
  /** How long a file has to be left alone. */
  settle_seconds: z.ZodDefault<z.ZodInt>;
  /** What becomes of a file that was imported. */
  after_import: z.ZodDefault<z.ZodEnum<{ keep: "keep"; move: "move"; delete: "delete" }>>;
  /** Where it is moved to. */
  move_to: z.ZodOptional<z.ZodString>;
}

/** The keys `prefix`, `month_first`, `settle_seconds`, `after_import` and `move_to`. */
export const sequenceFields: SequenceFields = {
  prefix: z.string().min(1).max(500).optional().meta(
    {
      title: "Prefix",
      help: "What the names of dated files begin with, up to their timestamp: a regular expression (RE2). " +
        "The chosen file and all later ones are imported, in the order of the timestamps in their names.",
      placeholder: "customers_",
      advanced: true,
    } satisfies FieldMeta,
  ),
  month_first: z.boolean().default(false).meta(
    {
      title: "Month first",
      help: "Whether eight digits in a name may be MMDDYYYY, too.",
      advanced: true,
    } satisfies FieldMeta,
  ),
  settle_seconds: z.int().min(0).max(86_400).default(60).meta(
    {
      title: "Settle time",
      help:
        "Seconds for which a file of a sequence, or of a continuous import, has to be left alone before it is read: " +
        "it may still be being written.",
      advanced: true,
    } satisfies FieldMeta,
  ),
  after_import: z.enum(["keep", "move", "delete"]).default("keep").meta(
    {
      title: "After import",
      help: "What becomes of a file once all of its rows are stored.",
      advanced: true,
    } satisfies FieldMeta,
  ),
  move_to: z.string().min(1).optional().meta(
    {
      title: "Move to",
      help: "Folder that imported files are moved to, where `after_import` is `move`. It starts at the auth's folder.",
      placeholder: "done",
      advanced: true,
    } satisfies FieldMeta,
  ),
};

/** What chooses files, parsed. */
export interface SequenceOptions {
  /** Folder the files are in; it starts at the auth's. */
  readonly folder: string;
  /** The file, or the first of the sequence. */
  readonly file?: string | undefined;
  readonly prefix?: string | undefined;
  readonly month_first: boolean;
  readonly settle_seconds: number;
  readonly after_import: "keep" | "move" | "delete";
  readonly move_to?: string | undefined;
}

/** Refuses (`config`) options that do not go together. */
export function checkOptions({ folder, file, prefix, after_import, move_to }: SequenceOptions): void {
  if (file === undefined && prefix === undefined) {
    throw new Failure("config", "There is neither a file nor a prefix of files to import", {
      hint: "Give `file: NAME`, or `prefix: TEXT` for a sequence of dated files",
    });
  }
  if (after_import === "move" && move_to === undefined) {
    throw new Failure("config", "Imported files are to be moved, and nothing says where to", {
      hint: "Give `move_to: FOLDER`",
    });
  }
  if (after_import !== "move" && move_to !== undefined) {
    throw new Failure(
      "config",
      `Files are to be moved to "${move_to}", and "${after_import}" is what to do with them`,
      {
        hint: "Give `after_import: move`, or leave `move_to` out",
      },
    );
  }
  if (move_to !== undefined && partsOf(move_to) === partsOf(placeOf({ folder, file }).folder)) {
    throw new Failure("config", `Files are to be moved to "${move_to}", where they are already`, {
      hint: "Give `move_to` another folder",
    });
  }
}

/** The folder that files are in, and the name of the chosen one; a file with a leading `/` stands for itself. */
export function placeOf(
  { folder, file = "" }: Pick<SequenceOptions, "folder" | "file">,
): { readonly folder: string; readonly name: string } {
  const base = folder.replace(/\/+$/, folder.startsWith("/") ? "/" : "");
  const path = base === "" || file.startsWith("/") ? file : base.endsWith("/") ? `${base}${file}` : `${base}/${file}`;
  const cut = path.lastIndexOf("/");
  return { folder: cut === 0 ? "/" : path.slice(0, Math.max(cut, 0)), name: path.slice(cut + 1) };
}

/** The path of a name in a folder. */
export function pathIn(folder: string, name: string): string {
  return folder === "" ? name : folder.endsWith("/") ? `${folder}${name}` : `${folder}/${name}`;
}

function partsOf(folder: string): string {
  return folder.split("/").filter((part) => part !== "" && part !== ".").join("/");
}
