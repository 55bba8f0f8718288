// @ts-check
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
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

/** @type {Variant} */
export async function effect3(options) {
  const Effect = await import("effect3/Effect")
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      Effect.runFork(Effect.map(Effect.sleep(ms), sleepers.callback(i, ms)))
    }
    return sleepers.report()
  }
}

/** @type {Variant} */
export async function fp4ts(options) {
  const { IO } = await loadFp4ts()
  const done = () => {}
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      IO.sleep(ms).map(sleepers.callback(i, ms)).unsafeRunAsync(done)
    }
    return sleepers.report()
  }
}

/** @type {Variant} */
export async function funfix(options) {
  const { IO, scheduler } = await loadFunfix()
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      IO.delayedTick(ms).map(sleepers.callback(i, ms)).run(scheduler)
    }
    return sleepers.report()
  }
}

/** @type {Variant} */
export async function bluebird(options) {
  const { default: Bluebird } = await import("bluebird")
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      void Bluebird.delay(ms).then(sleepers.callback(i, ms))
    }
    return sleepers.report()
  }
}

/** `after` takes no 0. @type {Variant} */
export async function fluture(options) {
  const { after, resolve, value } = await import("fluture")
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      value(sleepers.callback(i, ms))(ms === 0 ? resolve(undefined) : after(ms)(undefined))
    }
    return sleepers.report()
  }
}

/** @type {Variant} */
export async function effection(options) {
  const { run, sleep } = await import("effection")
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      const woke = sleepers.callback(i, ms)
      void run(function* () {
        yield* sleep(ms)
        woke()
      })
    }
    return sleepers.report()
  }
}

/** @type {Variant} */
export async function rxjs(options) {
  const { timer } = await import("rxjs")
  return () => {
    const sleepers = new Sleepers(options)
    for (let i = 0; i < sleepers.count; i++) {
      const ms = sleepers.draw()
      timer(ms).subscribe(sleepers.callback(i, ms))
    }
    return sleepers.report()
  }
}
