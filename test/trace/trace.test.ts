import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { CancelledError, type Fiber, Stream, Task, TimeoutError } from "rapid-fiber"
import { disableTraces, enableTraces } from "rapid-fiber/trace"
import { exitOf } from "../watch.ts"
import { failureOf, linesOf, namesOf, placesOf } from "./frames.ts"

beforeAll(enableTraces)
afterAll(disableTraces)

const fail = (message = "boom"): never => {
  throw new Error(message)
}
const broken = (): Task<number> => Task.sync(() => fail())

describe("the trace of a failure", () => {
  it.each<readonly [string, () => Task<unknown, unknown>]>([
    ["sync", () => Task.sync(fail)],
    ["defer", () => Task.defer(fail)],
    ["async", () => Task.async(() => fail())],
    ["promise", () => Task.promise(() => fail())],
    ["gen", () => Task.gen(() => fail())],
    ["forEach", () => Task.forEach([1], () => fail())],
    ["uncancelable", () => Task.uncancelable(() => fail())],
    ["scoped", () => Task.scoped(() => fail())],
    ["until", () => Task.until(() => fail())],
    ["fail", () => Task.fail(new Error("boom"))],
    ["map", () => Task.unit.map(() => fail())],
    ["flatMap", () => Task.unit.flatMap(() => fail())],
    ["tap", () => Task.unit.tap(() => fail())],
    ["catch", () => Task.fail("no error").catch(() => fail())],
    ["mapError", () => Task.fail("no error").mapError(() => fail())],
    ["tapError", () => Task.fail("no error").tapError(() => fail())],
    ["finally", () => Task.unit.finally(() => fail())],
    ["all", () => Task.all([broken()])],
    ["any", () => Task.any([])],
    ["race", () => Task.race([broken()])],
    ["zip", () => Task.unit.zip(broken())],
    ["delay", () => broken().delay(1)],
    ["retry", () => broken().retry({ times: 1 })],
    ["repeat", () => broken().repeat({ times: 1 })],
    ["memoize", () => broken().memoize()],
    ["elapsed", () => broken().elapsed()],
    ["onCancel", () => broken().onCancel(() => {})],
  ])("names %s, and what returned it", async (name, program) => {
    const names = namesOf(await failureOf(Task.unit.flatMap(() => program())))
    expect(names).toContain(`<${name}>`)
    expect(names.at(-1)).toBe("<flatMap>")
  })

  it("goes through everything that waits for the task that fails", async () => {
    const program = broken()
      .as(1)
      .tap(() => {})
      .andThen(Task.unit)
      .attempt()
      .flatMap((exit) => (exit.status === "rejected" ? Task.fail(exit.reason) : Task.unit))
    // A failure that was a value in between, and is one again, keeps the trace of its first time.
    expect(namesOf(await failureOf(program))).toEqual([
      "<sync> broken",
      "<as>",
      "<tap>",
      "<andThen>",
      "<attempt>",
      "<flatMap>",
    ])
  })

  it("has the lines of generators that wait, innermost first", async () => {
    const inner = (): Task<number> =>
      Task.gen(function* innerBody() {
        yield* Task.sleep(1)
        return yield* Task.unit.flatMap(broken)
      })
    const middle = (): Task<number> =>
      Task.gen(function* middleBody() {
        yield* Task.pure(1)
        return yield* inner()
      })
    const outer = (): Task<number> =>
      Task.gen(function* outerBody() {
        return yield* Task.defer(middle)
      })
    expect(namesOf(await failureOf(outer()))).toEqual([
      "<sync> broken",
      "<flatMap> innerBody",
      "<yield*> innerBody",
      "<gen> inner",
      "<yield*> middleBody",
      "<gen> middle",
      "<defer> outerBody",
      "<yield*> outerBody",
      "<gen> outer",
    ])
  })

  it.skipIf("Deno" in globalThis)("leaves it to the engine to say where a generator was that ran", async () => {
    const body = Task.gen(function* running() {
      yield* Task.sleep(1)
      fail()
    })
    const lines = linesOf(await failureOf(body)).map(({ kind, name }) => `${kind}${name}`)
    expect(lines).toEqual(["fail", "running", "<gen>"])
  })

  it("has the yield* at which a generator waits for what fails later", async () => {
    const body = Task.gen(function* waiting() {
      yield* Task.sleep(1)
      yield* Task.sleep(1).andThen(broken())
    })
    const [sync, andThen, waits, gen] = placesOf(await failureOf(body))
    expect([sync.kind, andThen.kind, waits.kind, gen.kind]).toEqual(["<sync>", "<andThen>", "<yield*>", "<gen>"])
    expect(waits.line).toBe(gen.line + 2)
  })

  it("keeps the way of tail calls", async () => {
    const last = (): Task<never, Error> => Task.defer(() => Task.fail(new Error("boom")))
    const middle = (): Task<never, Error> => Task.unit.flatMap(() => last())
    const first = (): Task<never, Error> => Task.fail("x").catch(() => middle())
    expect(namesOf(await failureOf(first()))).toEqual(["<fail>", "<defer> last", "<flatMap> middle", "<catch> first"])
  })

  it("goes on in the fiber that joins", async () => {
    const worker = (): Task<number> => Task.sleep(1).andThen(broken())
    const waiter = (fiber: Fiber<number>): Task<number> => fiber.join().map((n) => n + 1)
    const program = worker()
      .startDetached()
      .flatMap((fiber) => waiter(fiber))
    expect(namesOf(await failureOf(program))).toEqual([
      "<sync> broken",
      "<andThen> worker",
      "<startDetached>",
      "<join> waiter",
      "<map> waiter",
      "<flatMap>",
    ])
  })

  it("goes from a member of a group to who waits for it", async () => {
    const member = (): Task<number> => Task.sleep(1).andThen(broken())
    const both = (): Task<unknown> => Task.all([member(), Task.never]).map(([n]) => n)
    expect(namesOf(await failureOf(both()))).toEqual(["<sync> broken", "<andThen> member", "<all> both", "<map> both"])
    const limited = (): Task<unknown, unknown> => member().timeout(1000)
    expect(namesOf(await failureOf(limited()))).toEqual(["<sync> broken", "<andThen> member", "<timeout> limited"])
  })

  it("ends where a child was started", async () => {
    const parent = (): Task<void> =>
      Task.gen(function* () {
        yield* broken().start()
        yield* Task.never
      })
    expect(namesOf(await failureOf(parent()))).toEqual(["<sync> broken", "<start>"])
  })

  it("has the end of a stream, and who threw in its callback", async () => {
    const numbers = (): Task<number[]> =>
      Stream.of(1, 2, 3)
        .map(function double(n) {
          return n === 2 ? fail() : n * 2
        })
        .toArray()
    const error = await failureOf(numbers().map((list) => list.length))
    expect(namesOf(error)).toEqual(["<toArray> numbers", "<map>"])
    expect(linesOf(error)[1].name).toMatch(/double/)
    const effect = (): Task<number> => Task.sleep(1).andThen(broken())
    const effects = (): Task<void> => Stream.of(1, 2).mapTask(effect).drain()
    expect(namesOf(await failureOf(effects()))).toEqual(["<sync> broken", "<andThen> effect", "<drain> effects"])
    const parallel = (): Task<void> => Stream.of(1, 2).mapTask(effect, { concurrency: 2 }).drain()
    expect(namesOf(await failureOf(parallel()))).toEqual(["<sync> broken", "<andThen> effect", "<drain> parallel"])
  })

  it("has the task of a promise that rejects, with the very reason", async () => {
    const reason = new Error("rejected")
    const request = (): Task<number> => Task.promise(() => Promise.reject(reason))
    const error = await failureOf(request().map((n) => n))
    expect(error).toBe(reason)
    expect(namesOf(error)).toEqual(["<promise> request", "<map>"])
  })

  it("has what a callback was resumed with, and the callback's task", async () => {
    const callback = (): Task<number> => Task.async<number>((resume) => void setTimeout(() => resume(broken()), 1))
    expect(namesOf(await failureOf(callback()))).toEqual(["<sync> broken", "<async> callback"])
  })

  it("has a time limit that was exceeded, and what it falls back to", async () => {
    const limited = (): Task<number, TimeoutError> => Task.never.timeout(1)
    const error = await failureOf(limited())
    expect(error).toBeInstanceOf(TimeoutError)
    expect(namesOf(error)).toEqual(["<timeout> limited"])
    const either = (): Task<number> => Task.never.timeoutTo(1, broken())
    expect(namesOf(await failureOf(either()))).toEqual(["<sync> broken", "<timeoutTo> either"])
  })

  it("has a bracket around its parts", async () => {
    const used = (): Task<number> =>
      Task.bracket(
        Task.unit,
        () => broken(),
        () => {},
      )
    expect(namesOf(await failureOf(used()))).toEqual(["<sync> broken", "<bracket> used"])
  })
})

describe("the errors", () => {
  it("are the very objects, with their message, cause and class", async () => {
    class MyError extends Error {}
    const cause = new Error("before")
    const error = new MyError("multi\n    at line (one:1:1)", { cause })
    const plain = error.stack?.split("\n").slice(0, 2).join("\n")
    const failure = await failureOf(Task.fail(error).map((n) => n))
    expect(failure).toBe(error)
    expect(failure.cause).toBe(cause)
    expect(failure.stack?.split("\n").slice(0, 2).join("\n")).toBe(plain)
    expect(Object.keys(failure)).toEqual([])
    expect(Object.getOwnPropertyDescriptor(failure, "stack")).toMatchObject({ enumerable: false, configurable: true })
    expect(failure.stack).toContain("at <map> ")
  })

  it("that a handler has wrapped have traces of their own", async () => {
    const low = (): Task<number> => broken()
    const high = (): Task<number, Error> => low().mapError((cause) => new Error("high", { cause }))
    const error = await failureOf(high().map((n) => n))
    expect(namesOf(error)).toEqual(["<mapError> high", "<map>"])
    expect(namesOf(error.cause as Error)).toEqual(["<sync> broken", "<mapError> high", "<map>"])
    const all = await failureOf(Task.any([broken()]))
    expect(all).toBeInstanceOf(AggregateError)
    expect(namesOf((all as AggregateError).errors[0] as Error)).toEqual(["<sync> broken"])
  })

  it("that cannot be changed, and what is no error, are left alone", async () => {
    const frozen = Object.freeze(new Error("frozen"))
    const before = frozen.stack
    expect((await failureOf(Task.fail(frozen))).stack).toBe(before)
    const sealed = Object.seal(new Error("sealed"))
    const [text] = [sealed.stack]
    expect((await failureOf(Task.fail(sealed))).stack).toBe(text)
    for (const reason of ["text", 1, null, undefined, { stack: "mine" }, new CancelledError()]) {
      const exit = await exitOf(Task.fail(reason).map((n) => n))
      expect(exit.status === "rejected" && exit.reason).toBe(reason)
    }
  })

  it("may be given another stack", async () => {
    const error = await failureOf(broken())
    error.stack = "mine"
    expect(error.stack).toBe("mine")
    expect((await failureOf(Task.fail(error).map((n) => n))).stack).toBe("mine")
  })

  it("of one place and one message are told apart", async () => {
    const one = await failureOf(broken().map((n) => n))
    const other = await failureOf(broken().tap(() => {}))
    expect(namesOf(one)).toEqual(["<sync> broken", "<map>"])
    expect(namesOf(other)).toEqual(["<sync> broken", "<tap>"])
  })

  it("that come again and again do not grow", async () => {
    const shared = new Error("shared")
    let tries = 0
    const attempt = (): Task<never> =>
      Task.sync(() => {
        tries++
        throw shared
      })
    const program = Task.defer(attempt).retry({ times: 500 })
    const first = namesOf(await failureOf(program))
    expect(tries).toBe(501)
    expect(first).toEqual(["<sync> attempt", "<defer>", "<retry>"])
    await failureOf(program)
    expect(namesOf(shared)).toEqual(first)
  })

  it("of a task that two run at once name the way of each", async () => {
    const shared = Task.sleep(1).andThen(Task.sync(() => fail()))
    const one = (): Task<never> => Task.unit.flatMap(() => shared)
    const two = (): Task<never> => Task.unit.flatMap(() => shared)
    const [left, right] = await Promise.all([failureOf(one()), failureOf(two())])
    expect(namesOf(left)).toEqual(["<sync>", "<andThen>", "<flatMap> one"])
    expect(namesOf(right)).toEqual(["<sync>", "<andThen>", "<flatMap> two"])
    expect(namesOf(await failureOf(shared))).toEqual(["<sync>", "<andThen>"])
  })

  it("show who ran the task behind the trace", () => {
    Error.stackTraceLimit = 40
    try {
      let caught: unknown
      const runner = (): void => {
        try {
          broken().runSync()
        } catch (error) {
          caught = error
        }
      }
      runner()
      const names = linesOf(caught as Error).map(({ kind, name }) => `${kind}${name}`)
      expect(names[0]).toBe("fail")
      expect(names.indexOf("<sync>broken")).toBeLessThan(names.indexOf("runner"))
    } finally {
      Error.stackTraceLimit = 10
    }
  })
})
