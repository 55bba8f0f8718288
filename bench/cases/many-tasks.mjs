// @ts-check
import { fasterThan, timesFloor } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
import { latch } from "../harness/latch.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 1_000_000

/**
 * Each library starts them from a loop, as its own way in does: funfix, fluture and rxjs have no fibers, and do the work
 * on the spot.
 *
 * @type {About}
 */
export const about = {
  title: "1M fibers: sqrt, round, count down; the floor is an array of 1M closures filled and drained",
  rows: () =>
    rowsFor({
      variants: [
        ...["closures", "native", "rapid", "effect"],
        ...["effect3", "fp4ts", "funfix", "bluebird", "fluture", "effection", "rxjs"],
      ],
      floor: "closures",
      reduced: { effection: 100_000 },
      budgets: [timesFloor(0.4), fasterThan("native", "effect")],
    }),
}

/** @type {Variant} */
export async function closures() {
  return () =>
    countDown((down) => {
      const queue = []
      for (let i = 0; i < COUNT; i++) queue.push(() => down(Math.round(Math.sqrt(i))))
      for (const call of queue) call()
    })
}

/** @type {Variant} */
export async function native() {
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) void Promise.resolve(i).then(Math.sqrt).then(Math.round).then(down)
    })
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) Task.pure(i).map(Math.sqrt).map(Math.round).map(down).runAndForget()
    })
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) {
        Effect.runFork(Effect.succeed(i).pipe(Effect.map(Math.sqrt), Effect.map(Math.round), Effect.map(down)))
      }
    })
}

/** @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) {
        Effect.runFork(Effect.succeed(i).pipe(Effect.map(Math.sqrt), Effect.map(Math.round), Effect.map(down)))
      }
    })
}

/** @type {Variant} */
export async function fp4ts() {
  const { IO } = await loadFp4ts()
  const done = () => {}
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) IO.pure(i).map(Math.sqrt).map(Math.round).map(down).unsafeRunAsync(done)
    })
}

/** @type {Variant} */
export async function funfix() {
  const { IO, scheduler } = await loadFunfix()
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) IO.pure(i).map(Math.sqrt).map(Math.round).map(down).run(scheduler)
    })
}

/** @type {Variant} */
export async function bluebird() {
  const { default: Bluebird } = await import("bluebird")
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) void Bluebird.resolve(i).then(Math.sqrt).then(Math.round).then(down)
    })
}

/** @type {Variant} */
export async function fluture() {
  const { map, resolve, value } = await import("fluture")
  return () =>
    countDown((down) => {
      const start = value(down)
      for (let i = 0; i < COUNT; i++) start(resolve(i).pipe(map(Math.sqrt)).pipe(map(Math.round)))
    })
}

/** @type {Variant} */
export async function effection({ count }) {
  const { run } = await import("effection")
  return () =>
    countDown((down) => {
      for (let i = 0; i < Number(count); i++) {
        void run(function* () {
          down(Math.round(Math.sqrt(i)))
        })
      }
    }, Number(count))
}

/** @type {Variant} */
export async function rxjs() {
  const { map, of } = await import("rxjs")
  return () =>
    countDown((down) => {
      for (let i = 0; i < COUNT; i++) of(i).pipe(map(Math.sqrt), map(Math.round)).subscribe(down)
    })
}

/**
 * @param {(down: (value: number) => void) => void} start
 * @param {number} [count]
 */
async function countDown(start, count = COUNT) {
  const { opened, down } = latch(count)
  let sum = 0
  start((value) => {
    sum += value
    down()
  })
  await opened
  let expected = 0
  for (let i = 0; i < count; i++) expected += Math.round(Math.sqrt(i))
  expectEqual(sum, expected, "the sum of the roots")
}
