import { fileURLToPath } from "node:url"
import { describe } from "../data/index.ts"

/** A file or a directory: a path, relative to the working directory of the process when it is used, or a `file:` URL. */
export type FilePath = string | URL

/** The path as a string; where it is none, the caller hears of it at the call. */
export function pathOf(given: FilePath, where: string): string {
  if (typeof given === "string" && given !== "") return given
  if (given instanceof URL && given.protocol === "file:") return fileURLToPath(given)
  const found = given instanceof URL ? `a URL of ${given.protocol}` : describe(given)
  const remedy = given instanceof URL ? " Of the network: Stream.from(response.body), with fetch." : ""
  throw new TypeError(`Expected the path of ${where} to be a string or a file: URL, got ${found}.${remedy}`)
}
