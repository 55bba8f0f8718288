import fc from "fast-check"
import { describe, expect, it, vi } from "vitest"
import { Cache, type CacheOptions, type Fiber, Runtime, Task } from "rapid-fiber"
import { explore, taskTest, TestRuntime, type Trial } from "rapid-fiber/testing"
import { turn } from "../watch.ts"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

const joined = <A>(fibers: readonly Fiber<A, unknown>[]) => Task.all(fibers.map((fiber) => fiber.join().attempt()))

/** A cache whose loads take 10 ms and yield "a1", "a2" for the key "a". */
function counting(options: Partial<CacheOptions<string, string, unknown>> = {}) {
  const loads: string[] = []
  const numbers = new Map<string, number>()
  const stopped: string[] = []
  const load = (key: string) =>
    Task.sync(() => {
      const n = (numbers.get(key) ?? 0) + 1
      numbers.set(key, n)
      loads.push(`${key}${n}`)
      return `${key}${n}`
    }).flatMap((value) =>
      Task.sleep(10)
        .as(value)
        .onCancel(() => void stopped.push(value)),
    )
  const cache = Cache.make<string, string, unknown>({ load, max: 10, ...options })
  return { cache, loads, stopped }
}

/** Loads that fail as long as `fails` holds. */
function failing(options: Partial<CacheOptions<string, string, string>> = {}) {
  const state = { fails: true, loads: 0 }
  const load = (key: string): Task<string, string> =>
    Task.defer(() => {
      const n = ++state.loads
      return Task.sleep(10).andThen(state.fails ? Task.fail(`failure ${n}`) : Task.pure(`${key}${n}`))
    })
  return { cache: Cache.make<string, string, string>({ load, max: 10, ...options }), state }
}

describe("a cache", () => {
  it(
    "loads when it is asked, once for all who ask at a time, and keeps the very object",
    taskTest(() => {
      const load = vi.fn((key: string) => Task.sleep(10).map(() => ({ key })))
      const cache = Cache.make({ load, max: 10 })
      return Task.gen(function* () {
        const get = cache.get("a")
        yield* Task.sleep(5)
        expect(load).not.toHaveBeenCalled()
        const values = yield* Task.all([get, get, cache.get("a")])
        const later = yield* get
        expect(new Set([...values, later]).size).toBe(1)
        expect(load.mock.calls).toEqual([["a"]])
        expect(cache.size).toBe(1)
      })
    }),
  )

  it(
    "joins who comes while it is loaded",
    taskTest(() => {
      const { cache, loads } = counting()
      return Task.gen(function* () {
        const fibers: Fiber<string, unknown>[] = []
        for (let i = 0; i < 9; i++) {
          fibers.push(yield* cache.get("a").start())
          yield* Task.sleep(1)
        }
        expect(yield* joined(fibers)).toEqual(Array(9).fill(fulfilled("a1")))
        expect([loads, yield* Task.now()]).toEqual([["a1"], 10])
      })
    }),
  )

  it("yields what it has without a wait, and has no timer", () => {
    const cache = Cache.make({ load: (key: string) => Task.pure(`${key}!`), max: 1, ttl: { hours: 1 } })
    expect([cache.get("a").runSync(), cache.get("a").runSync()]).toEqual(["a!", "a!"])
  })

  it(
    "loads different keys side by side",
    taskTest(() => {
      const { cache } = counting()
      return Task.all(["a", "b", "c"].map((key) => cache.get(key)))
        .zip(Task.unit)
        .andThen(Task.now())
        .tap((now) => expect(now).toBe(10))
    }),
  )

  it(
    "keeps undefined, null and false as any other value",
    taskTest(() => {
      const load = vi.fn((key: unknown) => Task.pure(key))
      const cache = Cache.make({ load, max: 10 })
      return Task.gen(function* () {
        for (const key of [undefined, null, false, 0, "", Number.NaN]) {
          expect(yield* cache.get(key)).toBe(key)
          expect(yield* cache.get(key)).toBe(key)
        }
        expect(load).toHaveBeenCalledTimes(6)
        expect(cache.delete(undefined)).toBe(true)
        expect(yield* cache.get(undefined)).toBeUndefined()
        expect(load).toHaveBeenCalledTimes(7)
      })
    }),
  )

  it(
    "keeps a Task, a promise and a fiber as values, not run and not awaited",
    taskTest(() => {
      const ran = vi.fn()
      const inner = Task.sync(ran)
      const cache = Cache.make({ load: (_: string) => Task.pure({ inner }), max: 1 })
      return Task.gen(function* () {
        expect((yield* cache.get("a")).inner).toBe(inner)
        const raw = Cache.make({ load: (_: string) => Task.pure(inner), max: 1 })
        expect(yield* raw.get("a")).toBe(inner)
        expect(yield* raw.get("a")).toBe(inner)
        yield* raw.set("b", inner)
        expect(yield* raw.get("b")).toBe(inner)
        expect(ran).not.toHaveBeenCalled()
      })
    }),
  )

  it(
    "compares keys as a Map does",
    taskTest(() => {
      const load = vi.fn((key: unknown) => Task.pure(String(key)))
      const cache = Cache.make({ load, max: 10 })
      return Task.gen(function* () {
        yield* Task.all([cache.get(Number.NaN), cache.get(Number.NaN), cache.get(0), cache.get(-0)])
        expect(load).toHaveBeenCalledTimes(2)
        const [one, other] = [{}, {}]
        yield* cache.get(one)
        yield* cache.get(other)
        yield* cache.get("0")
        expect(load).toHaveBeenCalledTimes(5)
      })
    }),
  )

  it(
    "loads of which one asks for another key",
    taskTest(() => {
      const fibonacci: Cache<number, number> = Cache.make({
        load: (n: number): Task<number> =>
          n < 2 ? Task.pure(n) : Task.all([fibonacci.get(n - 1), fibonacci.get(n - 2)]).map(([a, b]) => a + b),
        max: 100,
      })
      return fibonacci.get(60).tap((value) => expect(value).toBe(1_548_008_755_920))
    }),
  )
})

describe("a failure", () => {
  it(
    "reaches all who wait, the very object, is not kept, and is reported to nobody else",
    taskTest(() => {
      const error = new Error("down")
      const load = vi.fn((_: string) => Task.sleep(10).andThen(Task.fail(error)))
      const cache = Cache.make({ load, max: 10 })
      return Task.gen(function* () {
        const get = cache.get("a").attempt()
        for (const outcome of yield* Task.all([get, get, get])) expect(outcome).toEqual(rejected(error))
        expect([load.mock.calls.length, cache.size]).toEqual([1, 0])
        yield* get
        expect(load).toHaveBeenCalledTimes(2)
      })
    }),
  )

  it(
    "of a load that throws, or that returns no Task, is the failure of those who ask, and the next one loads again",
    taskTest(() => {
      const error = new Error("thrown")
      let calls = 0
      const load = (key: string): Task<string> => {
        calls++
        if (calls === 1) throw error
        if (calls === 2) return "no Task" as unknown as Task<string>
        return Task.pure(`${key}${calls}`)
      }
      const cache = Cache.make({ load, max: 10 })
      return Task.gen(function* () {
        expect(yield* cache.get("a").attempt()).toEqual(rejected(error))
        expect(yield* cache.get("a").attempt()).toMatchObject({
          reason: { name: "TypeError", message: expect.stringMatching(/^Expected .+ to be a Task, got "no Task"\./) },
        })
        expect(yield* cache.get("a")).toBe("a3")
      })
    }),
  )

  it(
    "is kept and given out for negativeTtl, and not in its last moment",
    taskTest(() => {
      const { cache, state } = failing({ negativeTtl: 100 })
      return Task.gen(function* () {
        const get = cache.get("a").attempt()
        expect(yield* get).toEqual(rejected("failure 1"))
        for (let i = 0; i < 9; i++) {
          yield* Task.sleep(11)
          expect(yield* get).toEqual(rejected("failure 1"))
        }
        // 99 ms after the failure; now it is 100.
        yield* Task.sleep(1)
        expect(yield* get).toEqual(rejected("failure 2"))
        state.fails = false
        yield* Task.sleep(100)
        expect(yield* get).toEqual(fulfilled("a3"))
      })
    }),
  )

  it(
    "that is kept is forgotten by delete and clear, gives way to set, and counts for the size",
    taskTest(() => {
      const { cache, state } = failing({ negativeTtl: Infinity })
      return Task.gen(function* () {
        const get = cache.get("a").attempt()
        yield* get
        expect(cache.size).toBe(1)
        expect(cache.delete("a")).toBe(true)
        expect(yield* get).toEqual(rejected("failure 2"))
        cache.clear()
        expect(yield* get).toEqual(rejected("failure 3"))
        yield* cache.set("a", "set")
        expect(yield* get).toEqual(fulfilled("set"))
        expect(state.loads).toBe(3)
      })
    }),
  )
})

describe("the time of a value", () => {
  it(
    "is counted from when it was loaded, and does not get longer by being asked for",
    taskTest(() => {
      const { cache } = counting({ ttl: 100 })
      return Task.gen(function* () {
        const seen: [number, string][] = []
        for (let i = 0; i < 25; i++) {
          const value = yield* cache.get("a")
          seen.push([yield* Task.now(), value])
          yield* Task.sleep(9)
        }
        // Loaded at 10, fresh until 110, and asked for again at 118.
        expect(seen.filter(([, value]) => value === "a1").map(([now]) => now)).toEqual(
          Array.from({ length: 12 }, (_, i) => 10 + 9 * i),
        )
      })
    }),
  )

  it(
    "is over exactly when ttl has passed",
    taskTest(() => {
      const { cache } = counting({ ttl: 100 })
      return Task.gen(function* () {
        yield* cache.get("a")
        yield* Task.sleep(99)
        expect(yield* cache.get("a")).toBe("a1")
        yield* Task.sleep(1)
        expect(yield* cache.get("a")).toBe("a2")
      })
    }),
  )

  it(
    "of none, loads each time, but once for those who ask together",
    taskTest(() => {
      const { cache, loads } = counting({ ttl: 0 })
      return Task.gen(function* () {
        expect(yield* Task.all([cache.get("a"), cache.get("a")])).toEqual(["a1", "a1"])
        expect(yield* cache.get("a")).toBe("a2")
        expect(loads).toEqual(["a1", "a2"])
      })
    }),
  )

  it(
    "is without end by default, and goes by the monotonic clock",
    taskTest((test) => {
      const [ever, hour] = [counting().cache, counting({ ttl: { hours: 1 } }).cache]
      return Task.gen(function* () {
        yield* hour.get("a")
        test.setDate(new Date("2040-01-01"))
        expect(yield* hour.get("a")).toBe("a1")
        test.setDate(0)
        yield* ever.get("a")
        yield* Task.sleep({ days: 10_000 })
        expect(yield* ever.get("a")).toBe("a1")
        expect(yield* hour.get("a")).toBe("a2")
        expect(test.sleepers).toEqual([])
      })
    }),
  )

  it(
    "has no timer: what has expired stays until it is asked for or pushed out, and counts",
    taskTest((test) => {
      const { cache } = counting({ ttl: 5, max: 3 })
      return Task.gen(function* () {
        for (const key of ["a", "b", "c"]) yield* cache.get(key)
        expect(test.sleepers).toEqual([])
        yield* Task.sleep(1000)
        expect(cache.size).toBe(3)
        yield* cache.get("d")
        expect(cache.size).toBe(3)
      })
    }),
  )
})

describe("a stale value", () => {
  it(
    "is given out at once while a new one is loaded, once, in the background",
    taskTest(() => {
      const { cache, loads } = counting({ ttl: 100, staleWhileRevalidate: 50 })
      return Task.gen(function* () {
        yield* cache.get("a")
        yield* Task.sleep(100)
        expect(yield* Task.all([cache.get("a"), cache.get("a"), cache.get("a")])).toEqual(["a1", "a1", "a1"])
        expect(yield* Task.now()).toBe(110)
        yield* Task.sleep(9)
        expect([yield* cache.get("a"), loads]).toEqual(["a1", ["a1", "a2"]])
        yield* Task.sleep(2)
        expect([yield* cache.get("a"), loads]).toEqual(["a2", ["a1", "a2"]])
        // It is fresh from when it was loaded, at 120.
        yield* Task.sleep(98)
        expect([yield* Task.now(), yield* cache.get("a"), loads.length]).toEqual([219, "a2", 2])
        yield* Task.sleep(1)
        expect(yield* cache.get("a")).toBe("a2")
        yield* Task.sleep(1)
        expect(loads.length).toBe(3)
        yield* Task.sleep(20)
        expect(yield* cache.get("a")).toBe("a3")
      })
    }),
  )

  it(
    "is not given out any more exactly when its time is over",
    taskTest(() => {
      const { cache } = counting({ ttl: 100, staleWhileRevalidate: 50 })
      return Task.gen(function* () {
        yield* cache.get("a")
        yield* Task.sleep(150)
        const [value, ms] = yield* cache.get("a").elapsed()
        expect([value, ms]).toEqual(["a2", 10])
      })
    }),
  )

  it(
    "is still given out in the last moment of its time",
    taskTest(() => {
      const { cache } = counting({ ttl: 100, staleWhileRevalidate: 50 })
      return Task.gen(function* () {
        yield* cache.get("a")
        yield* Task.sleep(149)
        expect(yield* cache.get("a").elapsed()).toEqual(["a1", 0])
        // Its time is over now; the loading goes on since 149 ms, and is joined.
        yield* Task.sleep(1)
        expect(yield* cache.get("a").elapsed()).toEqual(["a2", 9])
      })
    }),
  )

  it("stays if the loading fails, until its time is over, and each who asks meanwhile has another try made", async () => {
    const reported: unknown[] = []
    const test = TestRuntime.make({ onUnhandled: (reason) => void reported.push(reason) })
    const { cache, state } = failing({ ttl: 100, staleWhileRevalidate: 50, negativeTtl: 1000 })
    const program = Task.gen(function* () {
      state.fails = false
      const first = yield* cache.get("a")
      state.fails = true
      yield* Task.sleep(100)
      const seen: unknown[] = []
      for (let i = 0; i < 4; i++) {
        seen.push(yield* cache.get("a"))
        yield* Task.sleep(12)
      }
      seen.push(state.loads)
      yield* Task.sleep(2)
      seen.push((yield* cache.get("a").attempt()).status)
      return [first, ...seen]
    })
    expect(await test.run(program)).toEqual(["a1", "a1", "a1", "a1", "a1", 5, "rejected"])
    await test.close()
    // Nobody is told of it but those who look at what they get: the value was there.
    expect(reported).toEqual([])
  })

  it(
    "is loaded in the background by no fiber of the one who asked: that one may end, or be cancelled",
    taskTest(() => {
      const { cache, stopped } = counting({ ttl: 100, staleWhileRevalidate: 50 })
      return Task.gen(function* () {
        yield* cache.get("a")
        yield* Task.sleep(100)
        const asking = yield* cache.get("a").andThen(Task.never).startDetached()
        yield* Task.sleep(5)
        yield* asking.cancel()
        yield* Task.sleep(6)
        expect([stopped, yield* cache.get("a")]).toEqual([[], "a2"])
      })
    }),
  )

  it(
    "whose loading is joined by one who comes when its time is over, and is cancelled, is loaded all the same",
    taskTest(() => {
      const { cache, stopped } = counting({ ttl: 100, staleWhileRevalidate: 5 })
      return Task.gen(function* () {
        yield* cache.get("a")
        yield* Task.sleep(104)
        expect(yield* cache.get("a")).toBe("a1")
        yield* Task.sleep(3)
        const late = yield* cache.get("a").startDetached()
        yield* Task.sleep(2)
        yield* late.cancel()
        yield* Task.sleep(6)
        expect([stopped, yield* cache.get("a")]).toEqual([[], "a2"])
      })
    }),
  )
})

describe("the most keys", () => {
  const plain = (max: number) => {
    const loads: string[] = []
    const load = (key: string) => Task.sync(() => (loads.push(key), key))
    return { cache: Cache.make({ load, max }), loads }
  }

  it(
    "are kept, and one more drops the one that has not been asked for longest",
    taskTest(() => {
      const { cache, loads } = plain(3)
      return Task.gen(function* () {
        for (const key of ["a", "b", "c", "a", "d", "a", "c", "d"]) yield* cache.get(key)
        expect([loads, cache.size]).toEqual([["a", "b", "c", "d"], 3])
        yield* cache.get("b")
        // "a" has been asked for before "c" and "d".
        for (const key of ["c", "d", "b", "a"]) yield* cache.get(key)
        expect(loads).toEqual(["a", "b", "c", "d", "b", "a"])
      })
    }),
  )

  it(
    "may be one",
    taskTest(() => {
      const { cache, loads } = plain(1)
      return Task.gen(function* () {
        for (const key of ["a", "a", "b", "b", "a"]) yield* cache.get(key)
        expect([loads, cache.size]).toEqual([["a", "b", "a"], 1])
      })
    }),
  )

  it(
    "are kept by set as well",
    taskTest(() => {
      const { cache, loads } = plain(2)
      return Task.gen(function* () {
        yield* cache.set("a", "A")
        yield* cache.set("b", "B")
        expect(yield* cache.get("a")).toBe("A")
        yield* cache.set("c", "C")
        expect([cache.size, yield* cache.get("a"), yield* cache.get("c"), loads]).toEqual([2, "A", "C", []])
        expect([yield* cache.get("b"), loads]).toEqual(["b", ["b"]])
      })
    }),
  )

  it(
    "are never exceeded, also where many are loaded at once",
    taskTest(() => {
      const { cache } = counting({ max: 3 })
      const keys = Array.from({ length: 50 }, (_, i) => `key ${i}.`)
      return Task.gen(function* () {
        yield* Task.all(keys.map((key) => cache.get(key)))
        expect(cache.size).toBe(3)
      })
    }),
  )

  it(
    "are counted by who asks: a value that is loaded again in the background has not been asked for",
    taskTest(() => {
      const { cache, loads } = counting({ max: 2, ttl: 100, staleWhileRevalidate: 100 })
      return Task.gen(function* () {
        yield* cache.get("a")
        yield* Task.sleep(100)
        // "a" is stale, and loaded again while "b" is asked for.
        yield* cache.get("a")
        yield* cache.get("b")
        yield* Task.sleep(20)
        yield* cache.get("c")
        expect([loads, cache.size]).toEqual([["a1", "b1", "a2", "c1"], 2])
        yield* cache.get("b")
        expect(loads).toHaveLength(4)
        yield* cache.get("a")
        expect(loads).toEqual(["a1", "b1", "a2", "c1", "a3"])
      })
    }),
  )

  it("do what a model does, with times, with set, delete and clear", async () => {
    const key = fc.constantFrom("a", "b", "c", "d", "e")
    const operation = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant("get"), key }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("set"), key }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete"), key }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("refresh"), key }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("sleep"), key }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("clear"), key }) },
    )
    const setting = fc.record({ max: fc.integer({ min: 1, max: 4 }), ttl: fc.constantFrom(0, 1, 3, 7, Infinity) })
    const property = fc.asyncProperty(setting, fc.array(operation, { maxLength: 60 }), async (given, operations) => {
      let n = 0
      const cache = Cache.make({ load: (name: string) => Task.sync(() => `${name}${++n}`), ...given })
      // The last one is the one that has been asked for last.
      const model = new Map<string, { readonly value: string; readonly until: number }>()
      let m = 0
      const keep = (name: string, value: string, now: number) => {
        model.delete(name)
        model.set(name, { value, until: now + given.ttl })
        const [oldest] = model.keys()
        if (model.size > given.max && oldest !== undefined) model.delete(oldest)
        return value
      }
      const program = Task.gen(function* () {
        for (const { kind, key: name } of operations) {
          const now = yield* Task.now()
          if (kind === "sleep") yield* Task.sleep(1)
          if (kind === "get") {
            const known = model.get(name)
            if (known === undefined || known.until <= now) {
              expect(yield* cache.get(name)).toBe(keep(name, `${name}${++m}`, now))
            } else {
              model.delete(name)
              model.set(name, known)
              expect(yield* cache.get(name)).toBe(known.value)
            }
          }
          if (kind === "set") yield* cache.set(name, keep(name, `set at ${now}`, now))
          if (kind === "refresh") {
            // A key that is there keeps its place: to load anew is not to ask.
            const value = `${name}${++m}`
            if (model.has(name)) model.set(name, { value, until: now + given.ttl })
            else keep(name, value, now)
            expect(yield* cache.refresh(name)).toBe(value)
          }
          if (kind === "delete") expect(cache.delete(name)).toBe(model.delete(name))
          if (kind === "clear") {
            cache.clear()
            model.clear()
          }
          expect(cache.size).toBe(model.size)
        }
      })
      await TestRuntime.make().run(program)
    })
    await fc.assert(property, { numRuns: 300 })
  })
})

describe("set, delete and clear", () => {
  it(
    "make a value known, and unknown",
    taskTest(() => {
      const { cache, loads } = counting()
      return Task.gen(function* () {
        expect(cache.delete("a")).toBe(false)
        yield* cache.set("a", "set")
        expect([yield* cache.get("a"), cache.size, loads]).toEqual(["set", 1, []])
        yield* cache.set("a", "again")
        expect([yield* cache.get("a"), cache.size]).toEqual(["again", 1])
        expect([cache.delete("a"), cache.delete("a"), cache.size]).toEqual([true, false, 0])
        expect(yield* cache.get("a")).toBe("a1")
        yield* cache.set("b", "set")
        cache.clear()
        expect([cache.size, yield* cache.get("b")]).toEqual([0, "b1"])
      })
    }),
  )

  it(
    "does nothing before the Task of set is run, and its value is fresh from then",
    taskTest(() => {
      const { cache } = counting({ ttl: 100 })
      const setting = cache.set("a", "set")
      return Task.gen(function* () {
        expect(cache.size).toBe(0)
        yield* Task.sleep(50)
        yield* setting
        yield* Task.sleep(99)
        expect(yield* cache.get("a")).toBe("set")
        yield* Task.sleep(1)
        expect(yield* cache.get("a")).toBe("a1")
      })
    }),
  )

  it(
    "during a load: what is set stays, those who wait get what is loaded",
    taskTest(() => {
      const { cache, loads } = counting()
      return Task.gen(function* () {
        const waiting = yield* cache.get("a").start()
        yield* Task.sleep(5)
        yield* cache.set("a", "set")
        expect(yield* cache.get("a").elapsed()).toEqual(["set", 0])
        expect(yield* waiting.join()).toBe("a1")
        expect([yield* cache.get("a"), loads]).toEqual(["set", ["a1"]])
      })
    }),
  )

  it(
    "during a load that fails: what is set stays",
    taskTest(() => {
      const { cache } = failing({ negativeTtl: 1000 })
      return Task.gen(function* () {
        const waiting = yield* cache.get("a").attempt().start()
        yield* Task.sleep(5)
        yield* cache.set("a", "set")
        expect(yield* waiting.join()).toEqual(rejected("failure 1"))
        expect(yield* cache.get("a")).toBe("set")
      })
    }),
  )

  const forgetting: [string, (cache: Cache<string, string, unknown>) => void][] = [
    ["delete", (cache) => void cache.delete("a")],
    ["clear", (cache) => cache.clear()],
  ]

  it.each(forgetting)(
    "during a load: what is loaded is not kept, who waits gets it, who comes now loads anew (%s)",
    (_, forget) =>
      taskTest(() => {
        const { cache, loads } = counting()
        return Task.gen(function* () {
          const waiting = yield* cache.get("a").start()
          yield* Task.sleep(5)
          forget(cache)
          const after = yield* cache.get("a").start()
          yield* Task.sleep(1)
          const later = yield* cache.get("a").start()
          expect(yield* joined([waiting, after, later])).toEqual([fulfilled("a1"), fulfilled("a2"), fulfilled("a2")])
          expect([yield* cache.get("a"), loads]).toEqual(["a2", ["a1", "a2"]])
        })
      })(),
  )

  it.each(forgetting)("during a load after which nobody asks: nothing is kept (%s)", (_, forget) =>
    taskTest(() => {
      const { cache } = counting()
      return Task.gen(function* () {
        const waiting = yield* cache.get("a").start()
        yield* Task.sleep(5)
        forget(cache)
        yield* waiting.join()
        expect(cache.size).toBe(0)
        expect(yield* cache.get("a")).toBe("a2")
      })
    })(),
  )

  it.each(forgetting)(
    "while a stale value is loaded again: it is forgotten, and the new one is not kept (%s)",
    (_, forget) =>
      taskTest(() => {
        const { cache } = counting({ ttl: 100, staleWhileRevalidate: 100 })
        return Task.gen(function* () {
          yield* cache.get("a")
          yield* Task.sleep(100)
          yield* cache.get("a")
          yield* Task.sleep(5)
          forget(cache)
          yield* Task.sleep(20)
          expect([cache.size, yield* cache.get("a")]).toEqual([0, "a3"])
        })
      })(),
  )

  it(
    "during a load of another key change nothing for that",
    taskTest(() => {
      const { cache, loads } = counting()
      return Task.gen(function* () {
        const waiting = yield* cache.get("a").start()
        yield* Task.sleep(5)
        cache.delete("b")
        yield* cache.set("c", "set")
        yield* waiting.join()
        expect([yield* cache.get("a"), loads]).toEqual(["a1", ["a1"]])
      })
    }),
  )
})

describe("cancelling", () => {
  it(
    "one of those who wait leaves the others their load; cancelling the last one ends it",
    taskTest(() => {
      const { cache, loads, stopped } = counting()
      return Task.gen(function* () {
        const fibers = [yield* cache.get("a").startDetached(), yield* cache.get("a").startDetached()]
        yield* Task.sleep(5)
        yield* fibers[0].cancel("first")
        expect([fibers[0].poll(), stopped]).toEqual([cancelled("first"), []])
        const third = yield* cache.get("a").startDetached()
        yield* Task.sleep(1)
        yield* fibers[1].cancel()
        expect(stopped).toEqual([])
        yield* third.cancel()
        expect([stopped, cache.size, yield* Task.now()]).toEqual([["a1"], 0, 6])
        expect([yield* cache.get("a"), loads]).toEqual(["a2", ["a1", "a2"]])
      })
    }),
  )

  it(
    "the one who began it leaves the others their load",
    taskTest(() => {
      const { cache, stopped } = counting()
      return Task.gen(function* () {
        const first = yield* cache.get("a").startDetached()
        yield* Task.sleep(1)
        const second = yield* cache.get("a").startDetached()
        yield* Task.sleep(1)
        yield* first.cancel()
        expect([yield* second.join(), stopped]).toEqual(["a1", []])
        expect(yield* cache.get("a")).toBe("a1")
      })
    }),
  )

  it(
    "the last one waits for the cleanups of the load; who comes meanwhile gets a value, and it is kept",
    taskTest(() => {
      let loads = 0
      const load = (_: string) =>
        Task.sync(() => ++loads).flatMap((n) => (n === 1 ? Task.never.finally(Task.sleep(10)) : Task.pure(n)))
      const cache = Cache.make({ load, max: 1 })
      return Task.gen(function* () {
        const first = yield* cache.get("a").startDetached()
        yield* Task.yield()
        first.abort()
        yield* Task.sleep(5)
        const second = yield* cache.get("a").startDetached()
        expect(yield* second.join()).toBe(2)
        yield* first.join().attempt()
        expect([yield* Task.now(), yield* cache.get("a")]).toEqual([10, 2])
      })
    }),
  )

  it(
    "by a time that is up is a cancellation, too",
    taskTest(() => {
      const { cache, stopped } = counting()
      return Task.gen(function* () {
        expect((yield* cache.get("a").timeout(5).attempt()).status).toBe("rejected")
        expect(stopped).toEqual(["a1"])
      })
    }),
  )

  it(
    "of the fiber in which the load began does not reach the load that others wait for",
    taskTest(() => {
      const { cache } = counting()
      return Task.gen(function* () {
        const parent = yield* cache.get("a").start().andThen(Task.sleep(2)).startDetached()
        yield* Task.sleep(1)
        const other = yield* cache.get("a").startDetached()
        yield* parent.join()
        expect(yield* other.join()).toBe("a1")
      })
    }),
  )

  it(
    "the last one, and asking twice meanwhile and after that, is never two loads of a key at once",
    taskTest(() => {
      let [running, most] = [0, 0]
      const cache = Cache.make({
        load: (_: string) =>
          Task.bracket(
            Task.sync(() => void (most = Math.max(most, ++running))),
            () => Task.sleep(10),
            () => Task.sleep(10).tap(() => void running--),
          ),
        max: 1,
      })
      return Task.gen(function* () {
        const first = yield* cache.get("a").startDetached()
        yield* Task.sleep(5)
        first.abort()
        yield* Task.sleep(5)
        const second = yield* cache.get("a").startDetached()
        yield* Task.sleep(8)
        const third = yield* cache.get("a").startDetached()
        yield* joined([first, second, third])
        expect(most).toBe(1)
      })
    }),
  )

  it("p-queue#241 / p-limit#25: every queued waiter settles when it is closed or cancelled", async () => {
    const program = (trial: Trial) => {
      let running = 0
      let loads = 0
      const cache = Cache.make({
        load: (key: string) =>
          Task.bracket(
            Task.sync(() => {
              if (++running > 1) throw new Error("Expected one load of a key at a time, got two.")
              return ++loads
            }),
            (n) => Task.yield().andThen(Task.sleep(1)).as(`${key}${n}`),
            () => Task.yield().tap(() => void running--),
          ),
        max: 1,
      })
      trial.check(() => {
        if (running !== 0) throw new Error(`Expected no load to run on, got ${running}.`)
      })
      return Task.gen(function* () {
        const fibers: Fiber<unknown, unknown>[] = []
        for (const name of ["first", "second", "third"]) fibers.push(yield* cache.get("a").startDetached({ name }))
        for (const fiber of fibers) {
          yield* fiber.join().attempt()
          const exit = fiber.poll()
          if (exit?.status === "rejected") throw exit.reason
        }
        const value = yield* cache.get("a")
        if (value !== `a${loads}` || cache.size !== 1) throw new Error(`Expected the last load, got ${value}.`)
      })
    }
    const found = await explore(program, { cancel: ["first", "second", "third"], runs: 2000 })
    expect(found).toMatchObject({ runs: 2000 })
  })
})

describe("any number of those who ask", () => {
  it("has one load of a key at a time, and what somebody has received is kept, whoever is cancelled when", async () => {
    const request = fc.record({
      after: fc.nat({ max: 8 }),
      key: fc.constantFrom("a", "b"),
      refreshes: fc.boolean(),
      patience: fc.option(fc.nat({ max: 15 })),
    })
    const property = fc.asyncProperty(
      fc.array(request, { maxLength: 25 }),
      fc.option(fc.nat()),
      fc.nat({ max: 4 }),
      async (requests, seed, cleanup) => {
        const running = new Map<string, number>()
        const received = new Map<string, number>()
        let [loads, most] = [0, 0]
        const change = (key: string, by: number) => {
          const now = (running.get(key) ?? 0) + by
          running.set(key, now)
          most = Math.max(most, now)
        }
        const load = (key: string) =>
          Task.bracket(
            Task.sync(() => {
              change(key, 1)
              return ++loads
            }),
            (n) => Task.sleep(7).as(n),
            () => Task.sleep(cleanup).tap(() => change(key, -1)),
          )
        const cache = Cache.make({ load, max: 2 })
        const test = TestRuntime.make(seed === null ? {} : { seed })
        const program = Task.gen(function* () {
          const fibers: Fiber<unknown>[] = []
          const patient: Fiber<unknown>[] = []
          for (const { after, key, refreshes, patience } of requests) {
            yield* Task.sleep(after)
            const ask = refreshes ? cache.refresh(key) : cache.get(key)
            const fiber = yield* ask
              .tap((n) => void received.set(key, Math.max(n, received.get(key) ?? 0)))
              .startDetached()
            fibers.push(fiber)
            if (patience === null) patient.push(fiber)
            else
              yield* Task.sleep(patience)
                .tap(() => fiber.abort())
                .startDetached()
          }
          yield* joined(fibers)
          expect(patient.filter((fiber) => fiber.poll()?.status !== "fulfilled")).toEqual([])
          yield* Task.sleep(100)
          expect([...running.values()].filter((n) => n !== 0)).toEqual([])
          // What somebody has received is kept, or something newer.
          const before = loads
          for (const [key, n] of received) expect(yield* cache.get(key)).toBeGreaterThanOrEqual(n)
          expect(loads).toBe(before)
        })
        await test.run(program)
        await test.runAll()
        expect(most).toBeLessThanOrEqual(1)
        expect(test.waiting).toEqual([])
      },
    )
    await fc.assert(property, { numRuns: 200 })
  })
})

describe("refreshing", () => {
  it(
    "loads anew and keeps what comes of it; who asks meanwhile gets the old value at once",
    taskTest(() => {
      const { cache, loads } = counting()
      return Task.gen(function* () {
        yield* cache.get("a")
        const refreshing = yield* cache.refresh("a").start()
        yield* Task.sleep(5)
        expect(yield* cache.get("a").elapsed()).toEqual(["a1", 0])
        expect(yield* refreshing.join()).toBe("a2")
        expect([yield* cache.get("a"), loads, cache.size]).toEqual(["a2", ["a1", "a2"], 1])
      })
    }),
  )

  it(
    "loads a key that is not there; who asks meanwhile joins",
    taskTest(() => {
      const { cache, loads } = counting()
      return Task.gen(function* () {
        const refreshing = yield* cache.refresh("a").start()
        yield* Task.sleep(5)
        expect(yield* cache.get("a").elapsed()).toEqual(["a1", 5])
        expect([yield* refreshing.join(), loads]).toEqual(["a1", ["a1"]])
      })
    }),
  )

  it(
    "at once by many is one load",
    taskTest(() => {
      const { cache, loads } = counting()
      return Task.gen(function* () {
        yield* cache.get("a")
        expect(yield* Task.all([cache.refresh("a"), cache.refresh("a")])).toEqual(["a2", "a2"])
        expect(loads).toEqual(["a1", "a2"])
      })
    }),
  )

  it(
    "makes the time of the value begin anew",
    taskTest(() => {
      const { cache } = counting({ ttl: 100 })
      return Task.gen(function* () {
        yield* cache.get("a")
        yield* Task.sleep(80)
        yield* cache.refresh("a")
        yield* Task.sleep(99)
        expect(yield* cache.get("a")).toBe("a2")
      })
    }),
  )

  it(
    "that fails fails, and leaves the old value",
    taskTest(() => {
      const { cache, state } = failing()
      return Task.gen(function* () {
        state.fails = false
        yield* cache.get("a")
        state.fails = true
        expect(yield* cache.refresh("a").attempt()).toEqual(rejected("failure 2"))
        expect(yield* cache.get("a")).toBe("a1")
      })
    }),
  )

  it(
    "that is cancelled ends the load, and leaves the old value",
    taskTest(() => {
      const { cache, stopped } = counting()
      return Task.gen(function* () {
        yield* cache.get("a")
        const refreshing = yield* cache.refresh("a").startDetached()
        yield* Task.sleep(5)
        yield* refreshing.cancel()
        expect([stopped, yield* cache.get("a")]).toEqual([["a2"], "a1"])
        expect(yield* cache.refresh("a")).toBe("a3")
      })
    }),
  )

  it(
    "is undone by set and delete meanwhile",
    taskTest(() => {
      const { cache } = counting()
      return Task.gen(function* () {
        yield* cache.get("a")
        const first = yield* cache.refresh("a").start()
        yield* Task.sleep(5)
        yield* cache.set("a", "set")
        expect(yield* first.join()).toBe("a2")
        expect(yield* cache.get("a")).toBe("set")
        const second = yield* cache.refresh("a").start()
        yield* Task.sleep(5)
        expect(cache.delete("a")).toBe(true)
        yield* second.join()
        expect(cache.size).toBe(0)
      })
    }),
  )
})

describe("any cache", () => {
  it("is shared by two runtimes", async () => {
    const gate = Task.withResolvers<string>()
    const load = vi.fn((_: string) => gate.task)
    const cache = Cache.make({ load, max: 1 })
    const fibers = [Runtime.make(), Runtime.make()].map((runtime) => cache.get("a").run({ runtime }))
    await turn()
    gate.resolve("value")
    expect(await Promise.all(fibers)).toEqual(["value", "value"])
    expect(load).toHaveBeenCalledTimes(1)
  })

  it(
    "serves ten thousand who ask at once by one load, and leaves nothing behind",
    taskTest((test) => {
      const { cache, loads } = counting()
      return Task.gen(function* () {
        const values = yield* Task.all(Array.from({ length: 10_000 }, () => cache.get("a")))
        expect([new Set(values).size, loads.length]).toEqual([1, 1])
        expect(test.waiting).toHaveLength(1)
      })
    }),
  )
})

describe("what a cache refuses", () => {
  const make = (options: unknown) => () => Cache.make(options as CacheOptions<string, string>)
  const load = (key: string) => Task.pure(key)

  it("refuses a load that is no function", () => {
    expect(make({ load: Task.pure(1), max: 1 })).toThrow(TypeError)
    expect(make({ load: Task.pure(1), max: 1 })).toThrow(/^Expected .*load.* function, got a Task\./)
  })

  it.each([0, -1, 1.5, Number.NaN, Infinity, undefined])("refuses a max of %s", (max) => {
    expect(make({ load, max })).toThrow(RangeError)
    expect(make({ load, max })).toThrow(`Expected \`max\` to be an integer >= 1, got ${max}.`)
  })

  it.each(["ttl", "staleWhileRevalidate", "negativeTtl"])("refuses a %s that is no duration", (name) => {
    expect(make({ load, max: 1, [name]: -1 })).toThrow(RangeError)
    expect(make({ load, max: 1, [name]: -1 })).toThrow(new RegExp(`^Expected \`${name}\` to be .+, got -1\\.`))
    expect(make({ load, max: 1, [name]: "1 h" })).toThrow(new RegExp(`^Expected \`${name}\` to be .+, got "1 h"\\.`))
    expect(make({ load, max: 1, [name]: Infinity })).not.toThrow()
  })

  it("refuses an option that it does not know", () => {
    expect(make({ load, max: 1, maxAge: 1 })).toThrow(/^Expected the options of .+ to be among .+, got `maxAge`\.$/)
  })
})
