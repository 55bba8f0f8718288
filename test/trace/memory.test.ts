import { Script } from "node:vm"
import { afterAll, beforeAll, expect, it } from "vitest"
import { Task } from "rapid-fiber"
import { disableTraces, enableTraces } from "rapid-fiber/trace"
import { growth, heapInUse } from "../heap.ts"
import { failureOf, namesOf } from "./frames.ts"

beforeAll(enableTraces)
afterAll(disableTraces)

const MiB = 2 ** 20

/** A loop of tail calls that yields the heap at its end, before it is over. */
const loop = (turns: number, end: () => Task<number>): Task<number> => {
  const turn = (left: number): Task<number> => (left === 0 ? end() : Task.pure(left).flatMap((n) => turn(n - 1)))
  return Task.unit.flatMap(() => turn(turns))
}

it("a loop of a million tail calls takes no more memory than one of a thousand", { timeout: 120_000 }, async () => {
  await loop(1000, () => Task.pure(0))
  const few = await loop(1000, () => Task.sync(heapInUse))
  const many = await loop(1_000_000, () => Task.sync(heapInUse))
  expect(many - few).toBeLessThan(2 * MiB)
})

it("a loop through many places keeps the way in and the last turns", async () => {
  type Place = (task: typeof Task, next: () => Task<never, Error>) => Task<never, Error>
  const places = Array.from({ length: 200 }, (_, index) => {
    const source = `(Task, next) => Task.unit${"\n".repeat(index)}.flatMap(next)`
    return new Script(source, { filename: "/places.js" }).runInThisContext() as Place
  })
  const at = (index: number): Task<never, Error> =>
    index === places.length ? Task.fail(new Error("end")) : places[index](Task, () => at(index + 1))
  const wayIn = (): Task<never, Error> => Task.unit.flatMap(() => at(0))
  const names = namesOf(await failureOf(wayIn()))
  expect(names[0]).toBe("<fail> at")
  expect(names.at(-1)).toBe("<flatMap> wayIn")
  expect(names.length).toBeLessThan(40)
})

it("what a turn of a loop has used is not kept by the trace", async () => {
  let dropped = 0
  const registry = new FinalizationRegistry(() => dropped++)
  const turn = (left: number, state: object): Task<number> => {
    registry.register(state, undefined)
    return Task.pure(state).flatMap(() => (left === 0 ? Task.sleep(5).as(0) : Task.defer(() => turn(left - 1, {}))))
  }
  await turn(100, {})
  await Task.sleep(1)
  heapInUse()
  await Task.sleep(5)
  expect(dropped).toBeGreaterThan(90)
})

it("failures that are handled leave nothing behind", { timeout: 60_000 }, async () => {
  const failing = Task.sync(() => {
    throw new Error("boom")
  }).attempt()
  const bytes = await growth(() =>
    Task.gen(function* () {
      for (let i = 0; i < 3000; i++) yield* failing
    }).toPromise(),
  )
  expect(bytes).toBeLessThan(MiB / 4)
})
