// @ts-check
import { FIBERS } from "./busy.mjs"
import { loadRapid } from "./library.mjs"
/** @import { Work } from "./busy.mjs" */

const { Task } = await loadRapid()

/** @param {Work} work */
export function startBusy(work) {
  const busy = Task.gen(function* () {
    while (!work.stopped) {
      yield* Task.sync(work.burn)
      yield* Task.yield()
    }
  })
  for (let i = 0; i < FIBERS; i++) busy.runAndForget()
}
