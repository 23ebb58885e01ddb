/**
 * Files sent over HTTP: how a job type takes one in place of a file that an auth leads to.
 *
 * @module
 */

/**
 * What makes a job type take uploads. The engine keeps the file in its spool and gives it to an ordinary run as
 * `connection.files`, which holds that one file and nothing else; there is no auth. The stream stands in the path of the
 * request, so the job's config has the key `stream` ({@linkcode importFields}); its other keys are query parameters.
 */
export interface UploadForm<Key extends string = string> {
  /** What `?format=` calls it, kebab-case; unique over all job types. */
  readonly format: string;
  /** Content types that mean it: lower case, without parameters; unique over all job types. */
  readonly contentTypes: readonly string[];
  /** Config key that names the file; the engine sets it. */
  readonly file: Key;
  /** Config keys that mean nothing for an upload, such as a folder: they keep their defaults. */
  readonly without?: readonly Key[];
}
