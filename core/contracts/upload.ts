/**
 * Files sent over HTTP: how a job type takes one in place of a file that an auth leads to.
 *
 * @module
 */

/**
 * What makes a job type take uploads. The engine keeps the file in its spool and gives it to an ordinary run as
 * `connection.files`, which holds that one file and nothing else; there is no auth. What the request itself says is set in
 * the config by the keys named here; its other keys are query parameters.
 */
export interface UploadForm<Key extends string = string> {
  /** What `?format=` calls it, kebab-case; unique over all job types. */
  readonly format: string;
  /** Content types that mean it: lower case, without parameters; unique over all job types. */
  readonly contentTypes: readonly string[];
  /** Config key of the stream, which stands in the path of the request. */
  readonly stream: Key;
  /** Config key that names the file. */
  readonly file: Key;
  /** Config key of the text encoding, where there is one: a `charset` of the content type sets it. */
  readonly encoding?: Key;
  /** Config keys that mean nothing for an upload, such as a folder: they keep their defaults. */
  readonly without?: readonly Key[];
}
