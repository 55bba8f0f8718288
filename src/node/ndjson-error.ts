/**
 * A line that should be JSON is not. `cause` is the SyntaxError of `JSON.parse`.
 *
 * @example
 * ```ts
 * import { NdjsonError, parseNdjson } from "rapid-fiber/node"
 * const rows = parseNdjson(Stream.of("1", "", "{oops"))
 * await rows.catch(NdjsonError, (error) => [`line ${error.line}: ${error.text}`]).toArray() // [1, "line 3: {oops"]
 * ```
 */
export class NdjsonError extends Error {
  override readonly name = "NdjsonError"
  /** Which line it is, from 1, those that were left out included. */
  readonly line: number
  /** The line, or its first 80 characters. */
  readonly text: string
  /** Which file it is in, where that is known. */
  readonly file: string | undefined

  /** @internal */
  constructor(text: string, line: number, file: string | undefined, cause: unknown) {
    const place = file === undefined ? `line ${line}` : `line ${line} of ${file}`
    const start = text.slice(0, 80)
    const why = cause instanceof Error ? `: ${cause.message}` : ""
    const remedy = text.includes("\n")
      ? "It is more than one line: split the text first, stream.lines()."
      : "Correct it, or parse by yourself: lines(path).map(…)."
    super(
      `Expected ${place} to be a JSON value, got ${JSON.stringify(start)}${text.length > 80 ? "…" : ""}${why}. ${remedy}`,
      { cause },
    )
    this.line = line
    this.text = start
    this.file = file
  }
}
