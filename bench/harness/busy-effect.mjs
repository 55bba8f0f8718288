// @ts-check
import * as Effect from "effect/Effect"
import { FIBERS } from "./busy.mjs"
/** @import { Work } from "./busy.mjs" */

/** @param {Work} work */
export function startBusy(work) {
  const busy = Effect.gen(function* () {
    while (!work.stopped) {
      yield* Effect.sync(work.burn)
      yield* Effect.yieldNow
    }
  })
  for (let i = 0; i < FIBERS; i++) Effect.runFork(busy)
}
