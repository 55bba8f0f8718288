/** Which lines of a stack are the library's own, by its folder. Where an application has bundled it, none can be told. */

let folders: readonly string[] | undefined
let room: string | undefined

/** The line of a stack, or the name of a file, is the library's. */
export function isOwn(line: string): boolean {
  const text = line.replaceAll("\\", "/")
  folders ??= foldersOf(import.meta.url)
  return /\/rapid-fiber\/(?:dist|src)\//.test(text) || folders.some((folder) => text.includes(folder))
}

/** The line is that of this room: of what notes places. */
export function isOfTraces(line: string): boolean {
  room ??= pathOf(import.meta.url).replace(/(\/src\/trace\/)[^/]*$/, "$1")
  return line.replaceAll("\\", "/").includes(room)
}

/** The folders of sources and of bundles around this file, as they stand in URLs and in paths. */
function foldersOf(url: string | undefined): string[] {
  // Only names that the build gives: `dist` is the folder of many an application, too.
  const own = /^(.*\/)(?:src\/trace\/[\w-]+\.ts|dist\/(?:trace(?:-on)?|chunks\/[\w-]+)\.js)$/
  const root = own.exec(pathOf(url))?.[1]
  if (root === undefined) return []
  return [...new Set([root, decodeURI(root)])].flatMap((folder) => [`${folder}src/`, `${folder}dist/`])
}

/** As in lines that name files by path: without the scheme, and without what a development server appends. */
function pathOf(url: string | undefined): string {
  return (url ?? "").replace(/^file:\/\/(?:\/(?=[A-Za-z]:))?/, "").replace(/\?.*$/, "")
}
