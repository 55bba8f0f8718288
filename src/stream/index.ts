export { Cursor } from "./cursor.ts"
export {
  type BufferOptions,
  type ElementOf,
  type MergeOptions,
  type ParallelOptions,
  type ShareOptions,
  Stream,
  type StreamFailureOf,
  type StreamLike,
} from "./stream.ts"
export type { PipeOptions } from "./sink/web.ts"
