import fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import {
  CircuitBreaker,
  type CircuitBreakerOptions,
  CircuitOpenError,
  type CircuitState,
  type Exit,
  type Fiber,
  Task,
} from "rapid-fiber"
import { explore, taskTest, TestRuntime } from "rapid-fiber/testing"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })

/** A breaker with a short time, and its changes. */
function watched(options: CircuitBreakerOptions = {}) {
  const changes: CircuitState[] = []
  const onChange = (state: CircuitState) => void changes.push(state)
  return { breaker: CircuitBreaker.make({ failures: 2, resetAfter: 100, onChange, ...options }), changes }
}

const down = Task.fail("down")
const fail = (breaker: CircuitBreaker, times = 1) =>
  breaker
    .protect(down)
    .attempt()
    .repeat({ times: times - 1 })
const succeed = (breaker: CircuitBreaker) => breaker.protect(Task.unit)

/** How long to wait, as a refusal says; undefined if the call was let through. */
const refusal = (breaker: CircuitBreaker): Task<number | undefined> =>
  breaker
    .protect(Task.unit)
    .as(undefined)
    .catch(CircuitOpenError, (error) => Task.pure(error.retryAfter))

describe("a closed circuit", () => {
  it("lets everything through, values and failures, the very objects", async () => {
    const { breaker, changes } = watched({ failures: 1000 })
    const [value, error] = [{}, new Error("down")]
    expect(await breaker.protect(Task.pure(value))).toBe(value)
    const caught = await breaker.protect(Task.fail(error)).catch((reason) => Task.pure(reason))
    expect(caught).toBe(error)
    expect([breaker.state, changes]).toEqual(["closed", []])
  })

  it("needs no wait, and runs the task anew each time", () => {
    let runs = 0
    const call = CircuitBreaker.make().protect(Task.sync(() => ++runs))
    expect(runs).toBe(0)
    expect([call.runSync(), call.runSync()]).toEqual([1, 2])
  })

  it(
    "opens at so many failures in a row, five by default, and stays open for 30 s by default",
    taskTest(() => {
      const breaker = CircuitBreaker.make()
      return Task.gen(function* () {
        yield* fail(breaker, 4)
        expect(breaker.state).toBe("closed")
        yield* fail(breaker)
        expect(breaker.state).toBe("open")
        expect(yield* refusal(breaker)).toBe(30_000)
        yield* Task.sleep(29_999)
        expect(yield* refusal(breaker)).toBe(1)
        yield* Task.sleep(1)
        expect(yield* refusal(breaker)).toBeUndefined()
        expect(breaker.state).toBe("closed")
      })
    }),
  )

  it(
    "counts anew after a success",
    taskTest(() => {
      const { breaker } = watched({ failures: 3 })
      return Task.gen(function* () {
        for (let i = 0; i < 5; i++) {
          yield* fail(breaker, 2)
          yield* succeed(breaker)
        }
        expect(breaker.state).toBe("closed")
        yield* fail(breaker, 3)
        expect(breaker.state).toBe("open")
      })
    }),
  )

  it(
    "counts what is thrown as well",
    taskTest(() => {
      const { breaker } = watched({ failures: 1 })
      const thrown = Task.sync(() => {
        throw new Error("thrown")
      })
      return Task.gen(function* () {
        expect(yield* breaker.protect(thrown).attempt()).toMatchObject({ reason: { message: "thrown" } })
        expect(breaker.state).toBe("open")
      })
    }),
  )

  it(
    "counts a cancellation neither as a failure nor as a success",
    taskTest(() => {
      const { breaker } = watched({ failures: 2 })
      return Task.gen(function* () {
        yield* fail(breaker)
        for (let i = 0; i < 5; i++) {
          const call = yield* breaker.protect(Task.never).start()
          yield* Task.yield()
          yield* call.cancel()
        }
        expect(breaker.state).toBe("closed")
        yield* fail(breaker)
        expect(breaker.state).toBe("open")
      })
    }),
  )

  it(
    "counts a failure that isFailure makes none of neither as a failure nor as a success, and it stays a failure",
    taskTest(() => {
      const seen: unknown[] = []
      const isFailure = (error: unknown) => (seen.push(error), error !== "not found")
      const { breaker } = watched({ failures: 2, isFailure })
      const notFound = breaker.protect(Task.fail("not found")).attempt()
      return Task.gen(function* () {
        expect(yield* notFound).toEqual(rejected("not found"))
        yield* notFound.repeat({ times: 5 })
        yield* fail(breaker)
        yield* notFound
        expect(breaker.state).toBe("closed")
        yield* fail(breaker)
        expect(breaker.state).toBe("open")
        expect(new Set(seen)).toEqual(new Set(["not found", "down"]))
      })
    }),
  )

  it(
    "counts failures in the order of their coming, whoever began first",
    taskTest(() => {
      const { breaker } = watched({ failures: 2 })
      return Task.gen(function* () {
        const calls = [30, 10, 20].map((ms, i) => breaker.protect((i === 2 ? Task.unit : down).delay(ms)).attempt())
        yield* Task.all(calls)
        // A failure at 10, a success at 20, a failure at 30.
        expect(breaker.state).toBe("closed")
      })
    }),
  )
})

describe("an open circuit", () => {
  it(
    "refuses at once, does not run the task, and says when to try again",
    taskTest(() => {
      const { breaker } = watched()
      const task = vi.fn()
      return Task.gen(function* () {
        yield* fail(breaker, 2)
        yield* Task.sleep(40)
        const error = yield* breaker
          .protect(Task.sync(task))
          .as(undefined)
          .catch(CircuitOpenError, (reason) => Task.pure(reason))
        expect(error).toBeInstanceOf(CircuitOpenError)
        expect(error).toMatchObject({ name: "CircuitOpenError", retryAfter: 60 })
        expect(task).not.toHaveBeenCalled()
        expect(yield* Task.now()).toBe(40)
      })
    }),
  )

  it(
    "does not count its refusals, and they do not make it longer",
    taskTest(() => {
      const { breaker, changes } = watched({ failures: 1 })
      return Task.gen(function* () {
        yield* fail(breaker)
        for (let left = 100; left > 0; left -= 10) {
          expect(yield* refusal(breaker)).toBe(left)
          yield* Task.sleep(10)
        }
        expect(changes).toEqual(["open"])
        expect(yield* refusal(breaker)).toBeUndefined()
      })
    }),
  )

  it(
    "is open until the first trial is let through, however late, and has no timer",
    taskTest((test) => {
      const { breaker, changes } = watched()
      return Task.gen(function* () {
        yield* fail(breaker, 2)
        expect(test.sleepers).toEqual([])
        yield* Task.sleep({ days: 1 })
        expect(breaker.state).toBe("open")
        const trial = yield* breaker.protect(Task.sleep(1)).start()
        yield* Task.yield()
        expect(breaker.state).toBe("half-open")
        yield* trial.join()
        expect(breaker.state).toBe("closed")
        expect(changes).toEqual(["open", "half-open", "closed"])
      })
    }),
  )

  it(
    "goes by the monotonic clock: setting the time of day changes nothing",
    taskTest((test) => {
      const { breaker } = watched()
      return Task.gen(function* () {
        yield* fail(breaker, 2)
        test.setDate(new Date("2040-01-01"))
        expect(yield* refusal(breaker)).toBe(100)
        test.setDate(0)
        yield* Task.sleep(100)
        expect(yield* refusal(breaker)).toBeUndefined()
      })
    }),
  )

  it(
    "lets a trial through at once where resetAfter is 0, and never where it is Infinity",
    taskTest(() => {
      const [soon, never] = [watched({ resetAfter: 0 }).breaker, watched({ resetAfter: Infinity }).breaker]
      return Task.gen(function* () {
        yield* fail(soon, 2)
        yield* fail(never, 2)
        expect(yield* refusal(soon)).toBeUndefined()
        yield* Task.sleep({ days: 10_000 })
        expect(yield* refusal(never)).toBe(Infinity)
      })
    }),
  )

  it(
    "takes its time as a duration in words",
    taskTest(() => {
      const { breaker } = watched({ failures: 1, resetAfter: { minutes: 1, seconds: 30 } })
      return fail(breaker)
        .andThen(refusal(breaker))
        .tap((ms) => expect(ms).toBe(90_000))
    }),
  )
})

describe("a half-open circuit", () => {
  const opened = (breaker: CircuitBreaker) => fail(breaker, 2).andThen(Task.sleep(100))

  it(
    "lets one trial through, refuses the others meanwhile with 0 as the time to wait, and closes if it succeeds",
    taskTest(() => {
      const { breaker, changes } = watched()
      return Task.gen(function* () {
        yield* opened(breaker)
        const trial = yield* breaker.protect(Task.sleep(10).as("tried")).start()
        yield* Task.sleep(5)
        expect(yield* refusal(breaker)).toBe(0)
        expect(yield* refusal(breaker)).toBe(0)
        expect(yield* trial.join()).toBe("tried")
        expect(changes).toEqual(["open", "half-open", "closed"])
        expect(yield* refusal(breaker)).toBeUndefined()
      })
    }),
  )

  it(
    "opens again if the trial fails, for the whole time from then",
    taskTest(() => {
      const { breaker, changes } = watched()
      return Task.gen(function* () {
        yield* opened(breaker)
        expect(yield* breaker.protect(down.delay(10)).attempt()).toEqual(rejected("down"))
        expect(breaker.state).toBe("open")
        expect(yield* refusal(breaker)).toBe(100)
        yield* Task.sleep(99)
        expect(yield* refusal(breaker)).toBe(1)
        yield* Task.sleep(1)
        yield* succeed(breaker)
        expect(changes).toEqual(["open", "half-open", "open", "half-open", "closed"])
      })
    }),
  )

  it(
    "that has closed counts from none again",
    taskTest(() => {
      const { breaker } = watched()
      return Task.gen(function* () {
        yield* opened(breaker)
        yield* succeed(breaker)
        yield* fail(breaker)
        expect(breaker.state).toBe("closed")
        yield* fail(breaker)
        expect(breaker.state).toBe("open")
      })
    }),
  )

  it(
    "lets so many trials through at once, and closes when so many have succeeded",
    taskTest(() => {
      const { breaker, changes } = watched({ trials: 3 })
      return Task.gen(function* () {
        yield* opened(breaker)
        const trials: Fiber<void, CircuitOpenError>[] = []
        for (const ms of [10, 20, 30]) trials.push(yield* breaker.protect(Task.sleep(ms)).start())
        yield* Task.yield()
        expect(yield* refusal(breaker)).toBe(0)
        yield* trials[0].join()
        yield* trials[1].join()
        expect(breaker.state).toBe("half-open")
        yield* trials[2].join()
        expect(changes).toEqual(["open", "half-open", "closed"])
      })
    }),
  )

  it(
    "closes by trials one after the other as well",
    taskTest(() => {
      const { breaker } = watched({ trials: 3 })
      return Task.gen(function* () {
        yield* opened(breaker)
        for (const state of ["half-open", "half-open", "closed"]) {
          yield* succeed(breaker)
          expect(breaker.state).toBe(state)
        }
      })
    }),
  )

  it(
    "lets so many trials run at once also when one has succeeded before",
    taskTest(() => {
      const { breaker } = watched({ trials: 2 })
      return Task.gen(function* () {
        yield* opened(breaker)
        yield* succeed(breaker)
        const trial = breaker.protect(Task.sleep(1)).attempt()
        const outcomes = yield* Task.all([trial, trial])
        expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"])
      })
    }),
  )

  it(
    "opens again at the first of several trials that fails, and begins to count the successes anew after that",
    taskTest(() => {
      const { breaker, changes } = watched({ trials: 2 })
      return Task.gen(function* () {
        yield* opened(breaker)
        yield* succeed(breaker)
        yield* fail(breaker)
        expect(breaker.state).toBe("open")
        yield* Task.sleep(100)
        yield* succeed(breaker)
        expect(breaker.state).toBe("half-open")
        yield* succeed(breaker)
        expect(changes).toEqual(["open", "half-open", "open", "half-open", "closed"])
      })
    }),
  )

  it(
    "gives the place of a trial that is cancelled to another",
    taskTest(() => {
      const { breaker, changes } = watched()
      return Task.gen(function* () {
        yield* opened(breaker)
        for (let i = 0; i < 3; i++) {
          const trial = yield* breaker.protect(Task.never).start()
          yield* Task.sleep(1)
          expect(yield* refusal(breaker)).toBe(0)
          yield* trial.cancel()
          expect(breaker.state).toBe("half-open")
        }
        expect(yield* refusal(breaker)).toBeUndefined()
        expect(changes).toEqual(["open", "half-open", "closed"])
      })
    }),
  )

  it(
    "keeps the place of a trial that is cancelled until its cleanup is over",
    taskTest(() => {
      const { breaker } = watched()
      return Task.gen(function* () {
        yield* opened(breaker)
        const trial = yield* breaker.protect(Task.never.finally(Task.sleep(10))).start()
        yield* Task.yield()
        trial.abort()
        yield* Task.sleep(5)
        expect(yield* refusal(breaker)).toBe(0)
        yield* Task.sleep(5)
        expect(yield* refusal(breaker)).toBeUndefined()
      })
    }),
  )

  it(
    "gives the place of a trial that fails with what isFailure makes none of to another",
    taskTest(() => {
      const { breaker } = watched({ isFailure: (error) => error === "down" })
      return Task.gen(function* () {
        yield* opened(breaker)
        for (let i = 0; i < 3; i++) {
          expect(yield* breaker.protect(Task.fail("not found")).attempt()).toEqual(rejected("not found"))
          expect(breaker.state).toBe("half-open")
        }
        yield* succeed(breaker)
        expect(breaker.state).toBe("closed")
      })
    }),
  )

  it(
    "has room for a trial again after an isFailure that throws",
    taskTest(() => {
      const isFailure = (error: unknown) => {
        if (error === "odd") throw new Error("isFailure")
        return true
      }
      const { breaker } = watched({ isFailure })
      return Task.gen(function* () {
        yield* opened(breaker)
        expect((yield* breaker.protect(Task.fail("odd")).attempt()).status).toBe("rejected")
        yield* Task.sleep(100)
        expect(yield* refusal(breaker)).toBeUndefined()
        expect(breaker.state).toBe("closed")
      })
    }),
  )
})

describe("a call that was let through before a change has no say", () => {
  const start = <A>(breaker: CircuitBreaker, task: Task<A, unknown>) =>
    breaker
      .protect(task)
      .attempt()
      .start()
      .tap(() => Task.yield())

  it(
    "when it fails or succeeds while the circuit is open",
    taskTest(() => {
      const { breaker, changes } = watched()
      return Task.gen(function* () {
        const calls = [yield* start(breaker, down.delay(50)), yield* start(breaker, Task.sleep(60))]
        yield* fail(breaker, 2)
        expect(yield* calls[0].join()).toEqual(rejected("down"))
        expect(yield* calls[1].join()).toEqual(fulfilled(undefined))
        expect(yield* refusal(breaker)).toBe(40)
        expect(changes).toEqual(["open"])
      })
    }),
  )

  it(
    "when it fails or succeeds while the circuit is half-open",
    taskTest(() => {
      const { breaker, changes } = watched()
      return Task.gen(function* () {
        const calls = [yield* start(breaker, down.delay(110)), yield* start(breaker, Task.sleep(120))]
        yield* fail(breaker, 2)
        yield* Task.sleep(100)
        const trial = yield* start(breaker, Task.sleep(50))
        yield* Task.all(calls.map((call) => call.join()))
        expect(breaker.state).toBe("half-open")
        expect(yield* refusal(breaker)).toBe(0)
        yield* trial.join()
        expect(changes).toEqual(["open", "half-open", "closed"])
      })
    }),
  )

  it(
    "when it fails or succeeds after the circuit has closed again",
    taskTest(() => {
      const { breaker } = watched()
      return Task.gen(function* () {
        const calls = [
          yield* start(breaker, down.delay(200)),
          yield* start(breaker, down.delay(210)),
          yield* start(breaker, Task.sleep(220)),
        ]
        yield* fail(breaker, 2)
        yield* Task.sleep(100)
        yield* succeed(breaker)
        yield* fail(breaker)
        yield* Task.all(calls.map((call) => call.join()))
        // Neither have the two failures opened it, nor has the success made the one that counts forgotten.
        expect(breaker.state).toBe("closed")
        yield* fail(breaker)
        expect(breaker.state).toBe("open")
      })
    }),
  )

  it(
    "when it was a trial beside one that has failed",
    taskTest(() => {
      const { breaker, changes } = watched({ trials: 3 })
      return Task.gen(function* () {
        yield* fail(breaker, 2)
        yield* Task.sleep(100)
        const trials = [
          yield* start(breaker, down.delay(10)),
          yield* start(breaker, down.delay(20)),
          yield* start(breaker, Task.sleep(130)),
        ]
        yield* trials[1].join()
        expect(yield* refusal(breaker)).toBe(90)
        yield* Task.sleep(90)
        // The old trial takes none of the three places, and its success counts for nothing.
        for (let i = 0; i < 3; i++) yield* start(breaker, Task.sleep(50 + i))
        expect(yield* refusal(breaker)).toBe(0)
        yield* trials[2].join()
        expect(yield* refusal(breaker)).toBe(0)
        yield* Task.sleep(31)
        expect(breaker.state).toBe("half-open")
        yield* Task.sleep(1)
        expect(breaker.state).toBe("closed")
        expect(changes).toEqual(["open", "half-open", "open", "half-open", "closed"])
      })
    }),
  )

  it(
    "when it was a trial and is cancelled after the circuit has opened again",
    taskTest(() => {
      const { breaker } = watched({ trials: 2 })
      return Task.gen(function* () {
        yield* fail(breaker, 2)
        yield* Task.sleep(100)
        const old = yield* start(breaker, Task.never)
        yield* fail(breaker)
        yield* Task.sleep(100)
        yield* start(breaker, Task.sleep(10))
        yield* start(breaker, Task.sleep(20))
        yield* old.cancel()
        expect(yield* refusal(breaker)).toBe(0)
        yield* Task.sleep(20)
        expect(breaker.state).toBe("closed")
      })
    }),
  )
})

describe("onChange", () => {
  it(
    "finds the new state in place, and may look at the circuit",
    taskTest(() => {
      const seen: [CircuitState, CircuitState][] = []
      const breaker: CircuitBreaker = CircuitBreaker.make({
        failures: 1,
        resetAfter: 10,
        onChange: (state) => void seen.push([state, breaker.state]),
      })
      return Task.gen(function* () {
        yield* fail(breaker)
        yield* Task.sleep(10)
        yield* succeed(breaker)
        expect(seen).toEqual([
          ["open", "open"],
          ["half-open", "half-open"],
          ["closed", "closed"],
        ])
      })
    }),
  )

  it("that throws is reported as a failure that nobody handles, and changes nothing", async () => {
    const reported: unknown[] = []
    const test = TestRuntime.make({ onUnhandled: (reason) => void reported.push(reason) })
    const breaker = CircuitBreaker.make({
      failures: 1,
      resetAfter: 10,
      onChange: (state) => {
        throw `told of ${state}`
      },
    })
    const program = Task.gen(function* () {
      const failed = yield* breaker.protect(down).attempt()
      const refused = yield* refusal(breaker)
      yield* Task.sleep(10)
      const tried = yield* breaker.protect(Task.pure("tried")).attempt()
      return [failed, refused, tried, breaker.state]
    })
    expect(await test.run(program)).toEqual([rejected("down"), 10, fulfilled("tried"), "closed"])
    expect(reported).toEqual(["told of open", "told of half-open", "told of closed"])
    await test.close()
  })
})

describe("any circuit", () => {
  it("has no place of a trial that is lost, at whatever step the trial is cancelled", async () => {
    const program = () => {
      const breaker = CircuitBreaker.make({ failures: 1, resetAfter: 10, trials: 2 })
      return Task.gen(function* () {
        yield* fail(breaker)
        yield* Task.sleep(10)
        const calls: Fiber<unknown, unknown>[] = []
        for (const name of ["victim", "other"]) {
          const work = Task.yield().andThen(Task.sleep(1)).finally(Task.yield())
          calls.push(yield* breaker.protect(work).startDetached({ name }))
        }
        for (const call of calls) yield* call.join().attempt()
        if (breaker.state === "closed") return
        // A place that is lost would refuse a trial, and fail the program.
        for (let i = 0; i < 2 && breaker.state === "half-open"; i++) yield* succeed(breaker)
        if (breaker.state !== ("closed" as CircuitState)) throw new Error(`Expected it to close, got ${breaker.state}.`)
      })
    }
    expect(await explore(program, { cancel: ["victim", "other"], runs: 1000 })).toMatchObject({ runs: 1000 })
  })

  it("does what a model of it does, whatever comes", async () => {
    const call = fc.record({
      after: fc.nat({ max: 12 }),
      lasts: fc.nat({ max: 25 }),
      ends: fc.constantFrom("ok", "down", "ignored", "cancelled"),
    })
    const setting = fc.record({
      failures: fc.integer({ min: 1, max: 3 }),
      resetAfter: fc.integer({ min: 0, max: 30 }),
      trials: fc.integer({ min: 1, max: 3 }),
    })
    const property = fc.asyncProperty(setting, fc.array(call, { maxLength: 40 }), async (given, calls) => {
      const { breaker, changes } = watched({ ...given, isFailure: (error) => error === "down" })
      const test = TestRuntime.make()
      const model = new Model(given)
      const letThrough: boolean[] = []
      const expected: boolean[] = []
      const program = Task.gen(function* () {
        for (const [n, { after, lasts, ends }] of calls.entries()) {
          // Odd moments for what begins and even ones for what ends: nothing is decided by the order in one moment.
          yield* Task.sleep(after * 2 + (n === 0 ? 1 : 0))
          letThrough[n] = false
          const task = Task.sync(() => void (letThrough[n] = true))
            .andThen(ends === "cancelled" ? Task.never : Task.sleep(lasts * 2 + 1))
            .andThen(ends === "ok" ? Task.unit : Task.fail(ends))
          const fiber = yield* breaker.protect(task).startDetached()
          yield* Task.yield()
          const era = model.begin(test.now)
          expected.push(era !== undefined)
          fiber.onExit(() => era !== undefined && model.end(ends, era, test.now))
          if (ends === "cancelled")
            yield* Task.sleep(lasts * 2 + 1)
              .tap(() => fiber.abort())
              .startDetached()
          yield* fiber.join().attempt().startDetached()
          expect(breaker.state).toBe(model.state)
        }
      })
      await test.run(program)
      await test.runAll()
      expect(letThrough).toEqual(expected)
      expect(breaker.state).toBe(model.state)
      expect(changes).toEqual(model.changes)
    })
    await fc.assert(property, { numRuns: 200 })
  })
})

/** What the documentation says, without any concurrency. */
class Model {
  state: CircuitState = "closed"
  readonly changes: CircuitState[] = []
  #failed = 0
  #opened = 0
  #running = 0
  #succeeded = 0
  readonly #options: { readonly failures: number; readonly resetAfter: number; readonly trials: number }

  constructor(options: { readonly failures: number; readonly resetAfter: number; readonly trials: number }) {
    this.#options = options
  }

  /** When it is let through, in changes; undefined if it is not. */
  begin(now: number): number | undefined {
    if (this.state === "open") {
      if (now - this.#opened < this.#options.resetAfter) return undefined
      this.#become("half-open", now)
    }
    if (this.state === "half-open") {
      if (this.#running >= this.#options.trials) return undefined
      this.#running++
    }
    return this.changes.length
  }

  end(how: string, era: number, now: number): void {
    if (era !== this.changes.length) return
    if (this.state === "half-open") {
      this.#running--
      if (how === "down") this.#become("open", now)
      if (how === "ok" && ++this.#succeeded === this.#options.trials) this.#become("closed", now)
    } else if (how === "down" && ++this.#failed === this.#options.failures) this.#become("open", now)
    else if (how === "ok") this.#failed = 0
  }

  #become(state: CircuitState, now: number): void {
    this.state = state
    this.changes.push(state)
    this.#opened = now
    this.#failed = this.#running = this.#succeeded = 0
  }
}

describe("what a circuit refuses", () => {
  const make = (options: unknown) => () => CircuitBreaker.make(options as CircuitBreakerOptions)

  it.each(["failures", "trials"])("refuses %s that are no integer >= 1", (name) => {
    for (const given of [0, -1, 1.5, Number.NaN, Infinity]) {
      expect(make({ [name]: given })).toThrow(RangeError)
      expect(make({ [name]: given })).toThrow(`Expected \`${name}\` to be an integer >= 1, got ${given}.`)
    }
    expect(make({ [name]: "2" })).toThrow(`Expected \`${name}\` to be an integer >= 1, got "2".`)
  })

  it("refuses a resetAfter that is no duration", () => {
    expect(make({ resetAfter: -1 })).toThrow(/^Expected `resetAfter` to be .+, got -1\./)
    expect(make({ resetAfter: -1 })).toThrow(RangeError)
    expect(make({ resetAfter: { minute: 1 } })).toThrow(/^Expected `resetAfter` to be .+, got \{ minute: 1 \}\./)
  })

  it.each(["isFailure", "onChange"])("refuses an %s that is no function", (name) => {
    expect(make({ [name]: true })).toThrow(TypeError)
    expect(make({ [name]: true })).toThrow(new RegExp(`^Expected .*${name}.* function, got true\\.`))
  })

  it("refuses an option that it does not know, and options that are none", () => {
    expect(make({ failure: 1 })).toThrow(/^Expected the options of .+ to be among .+, got `failure`\.$/)
    expect(make(3)).toThrow(/^Expected the options of .+ to be an object, got 3\.$/)
  })

  it("refuses to protect what is no Task", () => {
    const notATask = (() => 1) as unknown as Task<number>
    expect(() => CircuitBreaker.make().protect(notATask)).toThrow(/to be a Task, got a function/)
  })

  it("takes undefined for an option that is not given", () => {
    const exit: Exit<number> | undefined = CircuitBreaker.make().protect(Task.pure(1)).run().poll()
    expect(exit).toEqual(fulfilled(1))
    expect(make(undefined)).not.toThrow()
  })
})
