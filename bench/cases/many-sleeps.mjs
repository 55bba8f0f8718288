// @ts-check
import { loadRapid } from "../harness/library.mjs"
import { sleepRows } from "../harness/sleep-rows.mjs"
import { Sleepers } from "../harness/sleepers.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

/** @type {About} */
export const about = {
  title: "10M sleepers, each of which counts down as it wakes; the floor is the longest sleep",
  rows: sleepRows,
  once: true,
  forks: 1,
  timeout: 300,
}

/** One function for all, and nobody holds the fibers. @type {Variant} */
export async function shared(options) {
  const { Task } = await loadRapid()
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      Task.sleep(ms).map(sleepers.callback(i, ms)).runAndForget()
    }
    return sleepers.report()
  }
}

/** A closure for each. @type {Variant} */
export async function closure(options) {
  const { Task } = await loadRapid()
  return () => {
    const sleepers = new Sleepers(options)
    const { woke } = sleepers
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      const own = sleepers.callback(i, ms)
      const task = own === woke ? Task.sleep(ms).map(() => woke()) : Task.sleep(ms).map(own)
      task.runAndForget()
    }
    return sleepers.report()
  }
}

/** Every fiber is kept in an array. @type {Variant} */
export async function held(options) {
  const { Task } = await loadRapid()
  return async () => {
    const sleepers = new Sleepers(options)
    const fibers = new Array(sleepers.count)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      fibers[i] = Task.sleep(ms).map(sleepers.callback(i, ms)).run()
    }
    const reading = await sleepers.report()
    const asleep = fibers.filter((fiber) => fiber.poll()?.status !== "fulfilled").length
    if (asleep > 0) throw new Error(`Expected every fiber to be fulfilled, but ${asleep} are not`)
    return reading
  }
}

/** setTimeout, one function for all. @type {Variant} */
export async function timer(options) {
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      setTimeout(sleepers.callback(i, ms), ms)
    }
    return sleepers.report()
  }
}

/** A promise of setTimeout. @type {Variant} */
export async function promise(options) {
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      void new Promise((resolve) => setTimeout(resolve, ms)).then(sleepers.callback(i, ms))
    }
    return sleepers.report()
  }
}

/** @type {Variant} */
export async function effect(options) {
  const Effect = await import("effect/Effect")
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      Effect.runFork(Effect.map(Effect.sleep(ms), sleepers.callback(i, ms)))
    }
    return sleepers.report()
  }
}
