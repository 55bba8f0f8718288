import { describe, expect, expectTypeOf, it } from "vitest"
import {
  type Completable,
  type Exit,
  type Fiber,
  Local,
  Schedule,
  Scope,
  type Settled,
  Task,
  type TimeoutError,
  Timer,
} from "rapid-fiber"

/** Checked by `tsc -p test`; run by vitest only so that they are counted. */
class NotFound extends Error {
  override readonly name = "NotFound"
}
class Denied extends Error {
  override readonly name = "Denied"
}
const find = (id: number): Task<string, NotFound> => (id === 0 ? Task.fail(new NotFound()) : Task.pure("found"))
const count: Task<number, Denied> = Task.pure(1)

describe("types of", () => {
  it("all: a tuple keeps its places, a record its keys, a list its element", () => {
    expectTypeOf(Task.all([find(1), count])).toEqualTypeOf<Task<[string, number], NotFound | Denied>>()
    expectTypeOf(Task.all({ a: find(1), b: count })).toEqualTypeOf<Task<{ a: string; b: number }, NotFound | Denied>>()
    expectTypeOf(Task.all([1, 2].map(find))).toEqualTypeOf<Task<string[], NotFound>>()
    expectTypeOf(Task.all(new Set([count]), { concurrency: 2 })).toEqualTypeOf<Task<number[], Denied>>()
    expectTypeOf(Task.all([])).toEqualTypeOf<Task<[]>>()
    expectTypeOf(Task.all([Task.pure(1), Task.pure("x")] as const)).toEqualTypeOf<Task<[number, string]>>()
    // @ts-expect-error -- not a Task
    expect(() => Task.all([1])).toThrow(TypeError)
    // @ts-expect-error -- a promise is not a Task
    expect(() => Task.all([Promise.resolve(1)])).toThrow(TypeError)
    // @ts-expect-error -- no such option
    expect(() => Task.all([count], { limit: 2 })).toThrow(TypeError)
  })

  it("allSettled: outcomes, and no failure", () => {
    expectTypeOf(Task.allSettled([find(1), count])).toEqualTypeOf<Task<[Settled<string>, Settled<number>]>>()
    expectTypeOf(Task.allSettled({ a: count })).toEqualTypeOf<Task<{ a: Settled<number> }>>()
    expectTypeOf(Task.allSettled([1].map(find))).toEqualTypeOf<Task<Settled<string>[]>>()
  })

  it("race, any and zip", () => {
    expectTypeOf(Task.race([find(1), count])).toEqualTypeOf<Task<string | number, NotFound | Denied>>()
    expectTypeOf(Task.race([1].map(find))).toEqualTypeOf<Task<string, NotFound>>()
    expectTypeOf(Task.any([find(1), count])).toEqualTypeOf<Task<string | number, AggregateError>>()
    expectTypeOf(find(1).zip(count)).toEqualTypeOf<Task<[string, number], NotFound | Denied>>()
  })

  it("forEach: the items of any iterable", () => {
    const task = Task.forEach(new Map([["a", 1]]), ([key, value], index) => {
      expectTypeOf(key).toEqualTypeOf<string>()
      expectTypeOf(value).toEqualTypeOf<number>()
      expectTypeOf(index).toEqualTypeOf<number>()
      return find(value)
    })
    expectTypeOf(task).toEqualTypeOf<Task<void, NotFound>>()
    // @ts-expect-error -- the callback must return a Task
    Task.forEach([1], (n) => n)
  })

  it("timeouts: a failure more, which catch takes out again", () => {
    expectTypeOf(find(1).timeout(1)).toEqualTypeOf<Task<string, NotFound | TimeoutError>>()
    expectTypeOf(find(1).timeoutTo(1, count)).toEqualTypeOf<Task<string | number, NotFound | Denied>>()
    expectTypeOf(
      find(1)
        .timeout(1)
        .catch(NotFound, () => count),
    ).toEqualTypeOf<Task<string | number, TimeoutError | Denied>>()
    expectTypeOf(Task.until(() => true, { every: 1 })).toEqualTypeOf<Task<void, TimeoutError>>()
  })

  it("what keeps the type of the task", () => {
    const task = find(1)
    type Same = Task<string, NotFound>
    expectTypeOf(task.delay(1)).toEqualTypeOf<Same>()
    expectTypeOf(task.at(0)).toEqualTypeOf<Same>()
    expectTypeOf(task.memoize()).toEqualTypeOf<Same>()
    expectTypeOf(task.timed(Timer.make())).toEqualTypeOf<Same>()
    expectTypeOf(task.logErrors()).toEqualTypeOf<Same>()
    expectTypeOf(task.abortOn(new AbortController().signal)).toEqualTypeOf<Same>()
    expectTypeOf(task.retry({ times: 2 })).toEqualTypeOf<Same>()
    expectTypeOf(task.repeat(Schedule.times(2))).toEqualTypeOf<Same>()
    expectTypeOf(task.onCancel(() => {})).toEqualTypeOf<Same>()
    expectTypeOf(Task.uncancelable((restore) => restore(task))).toEqualTypeOf<Same>()
    expectTypeOf(task.elapsed()).toEqualTypeOf<Task<[value: string, ms: number], NotFound>>()
  })

  it("schedules: the input is the value of repeat, and unknown of retry", () => {
    count.repeat({ while: (n) => n > 1, until: (n) => n.toFixed() === "1" })
    count.repeat(Schedule.forever.while((n: number) => n > 1))
    count.repeat(Schedule.times(3).and(Schedule.spaced(5)))
    count.retry({ while: (error) => error instanceof Denied })
    count.retry(Schedule.forever.until((error) => error instanceof Denied))
    // @ts-expect-error -- the value is a number
    count.repeat({ while: (text: string) => text === "" })
    // @ts-expect-error -- an error is unknown until it is looked at
    count.retry(Schedule.forever.while((error: Denied) => error.message === ""))
    // @ts-expect-error -- no such option
    expect(() => count.retry({ time: 3 })).toThrow(TypeError)
    expectTypeOf(Schedule.times(1).jittered().maxElapsed(5)).toEqualTypeOf<Schedule>()
  })

  it("brackets and scopes", () => {
    const task = Task.bracket(
      find(1),
      (text) => count.map((n) => text.length + n),
      (text, exit) => {
        expectTypeOf(text).toEqualTypeOf<string>()
        expectTypeOf(exit).toEqualTypeOf<Exit<number>>()
      },
    )
    expectTypeOf(task).toEqualTypeOf<Task<number, NotFound | Denied>>()
    expectTypeOf(
      Task.bracket(
        (restore) => restore(find(1)),
        (text) => Task.pure(text),
        () => Task.unit,
      ),
    ).toEqualTypeOf<Task<string, NotFound>>()
    const scoped = Task.scoped((scope) => {
      expectTypeOf(scope).toEqualTypeOf<Scope>()
      expectTypeOf(scope.acquire(find(1), () => {})).toEqualTypeOf<Task<string, NotFound>>()
      expectTypeOf(scope.start(find(1))).toEqualTypeOf<Task<Fiber<string, NotFound>>>()
      expectTypeOf(scope.use(Task.pure({ [Symbol.dispose]() {} }))).toExtend<Task<Disposable>>()
      // @ts-expect-error -- it does not say how it is released
      scope.use(Task.pure(1))
      return count
    })
    expectTypeOf(scoped).toEqualTypeOf<Task<number, Denied>>()
    expectTypeOf(Scope.make()).toExtend<AsyncDisposable>()
  })

  it("completables and locals", () => {
    const made = Task.withResolvers<number, NotFound>()
    expectTypeOf(made).toEqualTypeOf<Completable<number, NotFound>>()
    expectTypeOf(made.task).toEqualTypeOf<Task<number, NotFound>>()
    expectTypeOf(made.resolve).toEqualTypeOf<(value: number) => boolean>()
    // @ts-expect-error -- the declared failure
    void (() => made.reject(1))
    const local = Local.make(1)
    expectTypeOf(local).toEqualTypeOf<Local<number>>()
    expectTypeOf(local.get()).toEqualTypeOf<Task<number>>()
    expectTypeOf(local.run(2, find(1))).toEqualTypeOf<Task<string, NotFound>>()
    // @ts-expect-error -- of another type
    void (() => local.run("x", count))
  })

  it("gen through combinators", () => {
    const program = Task.gen(function* () {
      const [text, n] = yield* Task.all([find(1), count])
      const winner = yield* Task.race([Task.pure(text), Task.pure(n)])
      expectTypeOf(winner).toEqualTypeOf<string | number>()
      return yield* find(n).timeout(5)
    })
    expectTypeOf(program).toEqualTypeOf<Task<string, NotFound | Denied | TimeoutError>>()
  })
})
