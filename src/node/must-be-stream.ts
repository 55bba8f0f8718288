import { describe } from "../data/index.ts"
import { Stream } from "../stream/index.ts"

/** For arguments that must be Streams, at the call. */
export function mustBeStream(given: unknown, where: string): void {
  if (given instanceof Stream) return
  throw new TypeError(`Expected ${where} to get a Stream, got ${describe(given)}. Of an iterable: Stream.from(…).`)
}
