import { afterAll, beforeAll, expect, it } from "vitest"
import { Task } from "rapid-fiber"
import { disableTraces, enableTraces } from "rapid-fiber/trace"
import { failureOf, linesOf, namesOf, placesOf } from "../trace/frames.ts"

/**
 * TraceSpec.scala. Rapid's `Task(…)` is `<apply>`, which is `<sync>` here, and its "position 1" is the line after that of the
 * throw. Its for-comprehension is a chain of flatMaps, and `Task.gen` here.
 */
beforeAll(enableTraces)
afterAll(disableTraces)

const fail = (message = "boom"): never => {
  throw new Error(message)
}
const broken = (): Task<number> => Task.sync(() => fail())
const viaFlatMap = (): Task<number> => Task.pure(1).flatMap(() => broken())

it("Trace should produce exactly one <apply> frame at position 1 for a simple failing Task", async () => {
  const simple = Task.sync(function thrower() {
    throw new Error("boom")
  })
  const lines = linesOf(await failureOf(simple))
  expect(lines[0]).toMatchObject({ kind: "", name: "thrower" })
  expect(lines[1].kind).toBe("<sync>")
  expect(lines.filter(({ kind }) => kind !== "")).toHaveLength(1)
})

it("Trace should produce <apply> then <flatMap> at positions 1-2 for a flatMap that fails", async () => {
  const program = Task.pure(1).flatMap(() =>
    Task.sync(function thrower() {
      throw new Error("boom")
    }),
  )
  const kinds = linesOf(await failureOf(program)).map(({ kind }) => kind)
  expect(kinds.slice(0, 3)).toEqual(["", "<sync>", "<flatMap>"])
})

it("Trace should produce exactly one <map> frame when map's function throws", async () => {
  expect(namesOf(await failureOf(Task.pure(1).map(() => fail())))).toEqual(["<map>"])
})

it("Trace should produce <apply> then <flatMap> with correct enclosing names from separate functions", async () => {
  expect(namesOf(await failureOf(viaFlatMap()))).toEqual(["<sync> broken", "<flatMap> viaFlatMap"])
})

it("Trace should exclude completed branches -- only the failing flatMap appears", async () => {
  const first = (): Task<number> => Task.sync(() => 1).flatMap((n) => Task.pure(n))
  const second = (): Task<number> => first().flatMap(() => broken())
  expect(namesOf(await failureOf(second()))).toEqual(["<sync> broken", "<flatMap> second"])
})

it("Trace should handle a three-level flatMap chain with only the failing branch in trace", async () => {
  const done = (): Task<number> => Task.sync(() => 1).map((n) => n + 1)
  const three = (): Task<number> => done().flatMap(() => broken())
  const two = (): Task<number> => done().flatMap(() => three())
  const one = (): Task<number> => done().flatMap(() => two())
  const names = namesOf(await failureOf(one()))
  expect(names).toEqual(["<sync> broken", "<flatMap> three", "<flatMap> two", "<flatMap> one"])
})

it("Trace should produce <map> then <flatMap> for map failure inside a flatMap", async () => {
  const mapped = (): Task<number> => Task.pure(1).map(() => fail())
  const outer = (): Task<number> => Task.pure(1).flatMap(() => mapped())
  expect(namesOf(await failureOf(outer()))).toEqual(["<map> mapped", "<flatMap> outer"])
})

it("Trace should handleError re-throw preserves accurate trace for the re-thrown error", async () => {
  // The same error thrown again keeps its trace; another one has its own, from the handler on.
  const again = (): Task<number, unknown> => broken().catch((error) => Task.fail(error))
  expect(namesOf(await failureOf(again()))).toEqual(["<sync> broken", "<catch> again"])
  const other = (): Task<number> => broken().catch(() => Task.sync(() => fail("another")))
  expect(namesOf(await failureOf(other()))).toEqual(["<sync>", "<catch> other"])
})

it("Trace should all task frames use the correct file name", async () => {
  const places = placesOf(await failureOf(viaFlatMap().map((n) => n + 1)))
  expect(places).toHaveLength(3)
  for (const { file } of places) expect(file).toMatch(/test\/parity\/trace-spec\.test\.ts$/)
})

it("Trace should task frames appear immediately after the JVM throw-site frame", async () => {
  const lines = linesOf(await failureOf(viaFlatMap()))
  const first = lines.findIndex(({ kind }) => kind !== "")
  expect(lines.slice(0, first).map(({ name }) => name)[0]).toBe("fail")
  expect(lines.slice(0, first).every(({ file }) => file.endsWith("trace-spec.test.ts"))).toBe(true)
  expect(lines.slice(first, first + 2).map(({ kind }) => kind)).toEqual(["<sync>", "<flatMap>"])
})

it("Trace should no interpreter frames from SynchronousFiber appear in the stack trace", async () => {
  const { stack } = await failureOf(viaFlatMap())
  expect(stack).not.toMatch(/\/src\/|interpreter|scheduler/)
})

it("Trace should line numbers increase from innermost to outermost frame", async () => {
  const inner = (): Task<number> => Task.sync(() => fail())
  const middle = (): Task<number> => Task.pure(1).flatMap(() => inner())
  const outer = (): Task<number> => Task.pure(1).flatMap(() => middle())
  const numbers = placesOf(await failureOf(outer())).map(({ line }) => line)
  expect(numbers).toHaveLength(3)
  expect(numbers).toEqual(numbers.toSorted((left, right) => left - right))
  expect(new Set(numbers).size).toBe(3)
})

it("Trace should deeply nested for-comprehension produces correct trace chain", async () => {
  const level = (depth: number): Task<number> =>
    Task.gen(function* body() {
      const n = yield* Task.pure(depth)
      return n === 0 ? yield* viaFlatMap() : yield* top(depth - 1)
    })
  const top = (depth: number): Task<number> => level(depth).map((n) => n + 1)
  const names = namesOf(await failureOf(top(2)))
  // A place is named once, however often it is on the way: here, the two yield* of the one line.
  expect(names).toEqual([
    "<sync> broken",
    "<flatMap> viaFlatMap",
    "<yield*> body",
    "<gen> level",
    "<map> top",
    "<yield*> body",
  ])
})
