// Every entry brings the runtime along, so that the file which entries share holds Task and what binds it to its runtime.
// oxlint-disable-next-line import/no-unassigned-import -- for its one statement
import "../runtime/index.ts"

export { DirectoryEntry } from "./directory-entry.ts"
export type { FilePath } from "./file-path.ts"
export { fromReadable } from "./from-readable.ts"
export { lines } from "./lines.ts"
export { NdjsonError } from "./ndjson-error.ts"
export { ndjson, parseNdjson, type ParseNdjsonOptions } from "./ndjson.ts"
export { pipeInto, type PipeIntoOptions } from "./pipe-into.ts"
export { readDirectory, type ReadDirectoryOptions } from "./read-directory.ts"
export { readFile, type ReadFileOptions } from "./read-file.ts"
export { toReadable, type ToReadableOptions } from "./to-readable.ts"
export { writeFile, type WriteFileOptions } from "./write-file.ts"
