export type { Dump, DumpOptions, FiberDump } from "./dump.ts"
export type { RuntimeOptions } from "./options.ts"
export { RunSyncError } from "./run-sync.ts"
export { Runtime } from "./runtime.ts"
