import { describe, expect, expectTypeOf, it } from "vitest"
import { type CancelledError, type Exit, type Fiber, type Settled, Task } from "rapid-fiber"

/** Checked by `tsc -p test`; run by vitest only so that they are counted. */
class NotFound extends Error {
  override readonly name = "NotFound"
}
class Denied extends Error {
  override readonly name = "Denied"
}
/** The same structure as NotFound under another literal name: the name is what tells them apart. */
class Twin extends Error {
  override readonly name = "Twin"
}

const find = (id: number): Task<string, NotFound> => (id === 0 ? Task.fail(new NotFound()) : Task.pure("found"))

describe("types", () => {
  it("infer the value, and no failure where none is declared", () => {
    expectTypeOf(Task.pure(1)).toEqualTypeOf<Task<number>>()
    expectTypeOf(Task.sync(() => "x")).toEqualTypeOf<Task<string>>()
    expectTypeOf(Task.promise(async () => 1)).toEqualTypeOf<Task<number>>()
    expectTypeOf(Task.promise(() => find(1))).toEqualTypeOf<Task<string, NotFound>>()
    expectTypeOf(Task.sleep(1)).toEqualTypeOf<Task<void>>()
    expectTypeOf(Task.never).toEqualTypeOf<Task<never>>()
    expectTypeOf(Task.async<number>((resume) => resume(Task.pure(1)))).toEqualTypeOf<Task<number>>()
  })

  it("collect declared failures", () => {
    expectTypeOf(Task.fail("e" as const)).toEqualTypeOf<Task<never, "e">>()
    expectTypeOf(find(1).map((s) => s.length)).toEqualTypeOf<Task<number, NotFound>>()
    expectTypeOf(find(1).flatMap(() => Task.fail(new Denied()))).toEqualTypeOf<Task<never, NotFound | Denied>>()
    expectTypeOf(find(1).andThen(Task.pure(1))).toEqualTypeOf<Task<number, NotFound>>()
    expectTypeOf(find(1).tap(() => Task.fail(new Denied()))).toEqualTypeOf<Task<string, NotFound | Denied>>()
    expectTypeOf(find(1).tap((s) => s.length)).toEqualTypeOf<Task<string, NotFound>>()
    expectTypeOf(find(1).mapError(() => new Denied())).toEqualTypeOf<Task<string, Denied>>()
    expectTypeOf(find(1).finally(() => {})).toEqualTypeOf<Task<string, NotFound>>()
  })

  it("narrow them by class, or drop all", () => {
    const both = find(1).flatMap((s) => (s === "" ? Task.fail(new Denied()) : Task.pure(s)))
    expectTypeOf(both.catch(NotFound, () => Task.pure(404))).toEqualTypeOf<Task<string | number, Denied>>()
    expectTypeOf(both.catch((error) => Task.pure(error))).toEqualTypeOf<Task<unknown>>()
    expectTypeOf(both.attempt()).toEqualTypeOf<Task<Settled<string>>>()
    expectTypeOf(find(1).catch(Twin, () => Task.pure(1))).toEqualTypeOf<Task<string | number, NotFound>>()
  })

  it("of gen come from what is yielded with the star and what is returned", () => {
    const program = Task.gen(function* () {
      const name = yield* find(1)
      expectTypeOf(name).toEqualTypeOf<string>()
      const fiber = yield* find(2).start()
      expectTypeOf(fiber).toEqualTypeOf<Fiber<string, NotFound>>()
      if (name === "") yield* Task.fail(new Denied())
      return name.length
    })
    expectTypeOf(program).toEqualTypeOf<Task<number, NotFound | Denied>>()
    expectTypeOf(
      Task.gen(function* () {
        return 1
      }),
    ).toExtend<Task<number, unknown>>()
    // @ts-expect-error -- without the star
    Task.gen(function* () {
      yield Task.pure(1)
    })
    // @ts-expect-error -- not a Task
    Task.gen(function* () {
      yield 5
    })
  })

  it("of await are those of a promise", () => {
    expectTypeOf<Awaited<Task<number>>>().toEqualTypeOf<number>()
    expectTypeOf<Awaited<Task<Task<Promise<string>>>>>().toEqualTypeOf<string>()
    expectTypeOf<Awaited<Fiber<number>>>().toEqualTypeOf<number>()
    expectTypeOf(Task.pure(Promise.resolve(1)).toPromise()).toEqualTypeOf<Promise<number>>()
    expectTypeOf(Task.pure(1).runSync()).toEqualTypeOf<number>()
  })

  it("of a fiber carry both", () => {
    const fiber = find(1).run()
    expectTypeOf(fiber).toEqualTypeOf<Fiber<string, NotFound>>()
    expectTypeOf(fiber.join()).toEqualTypeOf<Task<string, NotFound>>()
    expectTypeOf(fiber.poll()).toEqualTypeOf<Exit<string> | undefined>()
    expectTypeOf(fiber.cancel()).toEqualTypeOf<Task<void>>()
    fiber.abort()
  })

  it("let a Task of less stand for a Task of more, and not the other way", () => {
    expectTypeOf<Task<1>>().toExtend<Task<number, NotFound>>()
    expectTypeOf<Task<number, NotFound>>().not.toExtend<Task<number>>()
    expectTypeOf<Task<number>>().not.toExtend<Task<string>>()
    expectTypeOf<CancelledError["name"]>().toEqualTypeOf<"AbortError">()
  })

  it("refuse callbacks that do not return a Task", () => {
    // @ts-expect-error -- flatMap needs a Task
    Task.unit.flatMap(() => 1)
    // @ts-expect-error -- catch needs a Task
    Task.unit.catch(() => 1)
    // @ts-expect-error -- no such field
    expect(() => Task.sleep({ second: 1 })).toThrow(TypeError)
  })
})
