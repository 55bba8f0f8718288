// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadFp4ts } from "../harness/fp4ts.mjs"
import { loadFunfix } from "../harness/funfix.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 100_000
const expected = (COUNT * (COUNT - 1)) / 2
const libraries = ["rapid", "effect", "effect3", "fp4ts", "funfix", "bluebird", "fluture", "effection", "rxjs"]
const reduced = { effection: 5_000 }

/**
 * Where the winner stands first, the loser need not be started at all; where it stands last, the loser must be cancelled.
 *
 * @type {About}
 */
export const about = {
  title: "100k × a race of a value and of what never ends, in one fiber; the floor is Promise.race",
  rows: () => [
    ...rowsFor({ variants: ["native", ...libraries], floor: "native", reduced, budgets: [fasterThan("effect")] }),
    ...rowsFor({
      variants: libraries,
      floor: "native",
      form: ", never first",
      options: { neverFirst: true },
      reduced,
      budgets: [fasterThan("effect, never first")],
    }),
  ],
}

/** @type {Variant} */
export async function native() {
  return async () => {
    let sum = 0
    // One promise for all the races would keep the reactions of every race.
    for (let i = 0; i < COUNT; i++) sum += await Promise.race([Promise.resolve(i), new Promise(() => {})])
    expectEqual(sum, expected, "the sum")
  }
}

/** @type {Variant} */
export async function rapid({ neverFirst }) {
  const { Task } = await loadRapid()
  const race = (/** @type {number} */ i) =>
    Task.race(neverFirst === true ? [Task.never, Task.pure(i)] : [Task.pure(i), Task.never])
  const program = Task.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* race(i)
    return sum
  })
  return async () => expectEqual(await program, expected, "the sum")
}

/** @type {Variant} */
export async function effect({ neverFirst }) {
  const Effect = await import("effect/Effect")
  const race = (/** @type {number} */ i) =>
    neverFirst === true
      ? Effect.raceFirst(Effect.never, Effect.succeed(i))
      : Effect.raceFirst(Effect.succeed(i), Effect.never)
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* race(i)
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function effect3({ neverFirst }) {
  const Effect = await import("effect3/Effect")
  const race = (/** @type {number} */ i) =>
    neverFirst === true
      ? Effect.raceFirst(Effect.never, Effect.succeed(i))
      : Effect.raceFirst(Effect.succeed(i), Effect.never)
  const program = Effect.gen(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield* race(i)
    return sum
  })
  return async () => expectEqual(await Effect.runPromise(program), expected, "the sum")
}

/** @type {Variant} */
export async function fp4ts({ neverFirst }) {
  const { IO } = await loadFp4ts()
  const same = (/** @type {number} */ value) => value
  const race = (/** @type {number} */ i) =>
    (neverFirst === true ? IO.race(IO.never, IO.pure(i)) : IO.race(IO.pure(i), IO.never)).map((winner) =>
      winner.fold(same, same),
    )
  /** @type {(i: number, sum: number) => import("@fp4ts/effect").IO<number>} */
  const loop = (i, sum) => (i === COUNT ? IO.pure(sum) : race(i).flatMap((value) => loop(i + 1, sum + value)))
  return async () => expectEqual(await loop(0, 0).unsafeRunToPromise(), expected, "the sum")
}

/** @type {Variant} */
export async function funfix({ neverFirst }) {
  const { IO, scheduler } = await loadFunfix()
  /** @type {import("funfix-effect").IO<number>} */
  const never = IO.async(() => {})
  const race = (/** @type {number} */ i) =>
    IO.firstCompletedOf(neverFirst === true ? [never, IO.pure(i)] : [IO.pure(i), never])
  /** @type {(i: number, sum: number) => import("funfix-effect").IO<number>} */
  const loop = (i, sum) => (i === COUNT ? IO.pure(sum) : race(i).flatMap((value) => loop(i + 1, sum + value)))
  return async () => expectEqual(await loop(0, 0).run(scheduler), expected, "the sum")
}

/** @type {Variant} */
export async function bluebird({ neverFirst }) {
  const { default: Bluebird } = await import("bluebird")
  const race = (/** @type {number} */ i) => {
    const [value, never] = [Bluebird.resolve(i), new Bluebird(() => {})]
    return Bluebird.race(neverFirst === true ? [never, value] : [value, never])
  }
  const program = Bluebird.coroutine(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) sum += yield race(i)
    return sum
  })
  return async () => expectEqual(await program(), expected, "the sum")
}

/** It knows `never` by its look, and builds no race with it. @type {Variant} */
export async function fluture({ neverFirst }) {
  const { go, never, promise, race, resolve } = await import("fluture")
  const endless = /** @type {import("fluture").FutureInstance<never, number>} */ (never)
  const program = go(function* () {
    let sum = 0
    for (let i = 0; i < COUNT; i++) {
      sum += yield neverFirst === true ? race(endless)(resolve(i)) : race(resolve(i))(endless)
    }
    return sum
  })
  return async () => expectEqual(await promise(program), expected, "the sum")
}

/** @type {Variant} */
export async function effection({ neverFirst, count }) {
  const { call, race, run, suspend } = await import("effection")
  const times = Number(count)
  const endless = /** @type {import("effection").Operation<never>} */ (suspend())
  return async () => {
    const sum = await run(function* () {
      let sum = 0
      for (let i = 0; i < times; i++) {
        const value = call(() => i)
        sum += yield* race(neverFirst === true ? [endless, value] : [value, endless])
      }
      return sum
    })
    expectEqual(sum, (times * (times - 1)) / 2, "the sum")
  }
}

/** @type {Variant} */
export async function rxjs({ neverFirst }) {
  const { NEVER, concatMap, lastValueFrom, of, race, range, reduce } = await import("rxjs")
  const source = range(0, COUNT).pipe(
    concatMap((i) => (neverFirst === true ? race(NEVER, of(i)) : race(of(i), NEVER))),
    reduce((sum, value) => sum + value, 0),
  )
  return async () => expectEqual(await lastValueFrom(source), expected, "the sum")
}
