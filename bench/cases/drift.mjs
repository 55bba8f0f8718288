// @ts-check
import { loadRapid } from "../harness/library.mjs"
import { Ticks } from "../harness/ticks.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const PERIOD = 10
const COUNT = 300

/**
 * A loop that counts each pause from the end of the last one loses a little every time. Some begin with a tick and some
 * with a pause.
 *
 * @type {About}
 */
export const about = {
  title: "a loop every 10 ms, 300 times: p99 of how late a tick is, and by how much the last one has drifted",
  variants: ["native", "rapid", "effect", "effect3", "funfix", "effection", "rxjs"],
  once: true,
}

/** @type {Variant} */
export async function native() {
  return async () => {
    const ticks = new Ticks(PERIOD)
    await new Promise((resolve) => {
      const timer = setInterval(() => {
        ticks.tick()
        if (ticks.at.length < COUNT) return
        clearInterval(timer)
        resolve(undefined)
      }, PERIOD)
    })
    return ticks.report(COUNT, 1)
  }
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  return async () => {
    const ticks = new Ticks(PERIOD)
    await Task.sync(ticks.tick).repeat({ every: PERIOD, times: COUNT - 1 })
    return ticks.report(COUNT, 0)
  }
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const Schedule = await import("effect/Schedule")
  return async () => {
    const ticks = new Ticks(PERIOD)
    const loop = Effect.repeat(Effect.sync(ticks.tick), { schedule: Schedule.fixed(PERIOD), times: COUNT - 1 })
    await Effect.runPromise(loop)
    return ticks.report(COUNT, 0)
  }
}

/** @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  const Schedule = await import("effect3/Schedule")
  return async () => {
    const ticks = new Ticks(PERIOD)
    const loop = Effect.repeat(Effect.sync(ticks.tick), { schedule: Schedule.fixed(PERIOD), times: COUNT - 1 })
    await Effect.runPromise(loop)
    return ticks.report(COUNT, 0)
  }
}

/** @type {Variant} */
export async function funfix() {
  const { Scheduler } = await import("funfix-exec")
  return async () => {
    const ticks = new Ticks(PERIOD)
    await new Promise((resolve) => {
      const loop = Scheduler.global.get().scheduleAtFixedRate(0, PERIOD, () => {
        ticks.tick()
        if (ticks.at.length < COUNT) return
        loop.cancel()
        resolve(undefined)
      })
    })
    return ticks.report(COUNT, 0)
  }
}

/** @type {Variant} */
export async function effection() {
  const { each, interval, run } = await import("effection")
  return async () => {
    const ticks = new Ticks(PERIOD)
    await run(function* () {
      for (const _ of yield* each(interval(PERIOD))) {
        ticks.tick()
        if (ticks.at.length === COUNT) return
        yield* each.next()
      }
    })
    return ticks.report(COUNT, 1)
  }
}

/** @type {Variant} */
export async function rxjs() {
  const { interval, lastValueFrom, take, tap } = await import("rxjs")
  return async () => {
    const ticks = new Ticks(PERIOD)
    await lastValueFrom(interval(PERIOD).pipe(take(COUNT), tap(ticks.tick)))
    return ticks.report(COUNT, 1)
  }
}
