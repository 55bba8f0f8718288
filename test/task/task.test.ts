import { describe, expect, it, vi } from "vitest"
import { type Exit, Task } from "rapid-fiber"

class NotFound extends Error {
  override readonly name = "NotFound"
}
class Denied extends Error {
  override readonly name = "Denied"
}

describe("a Task that is made", () => {
  it("by pure yields the value, by sync what the function returns, by defer as the Task it returns", async () => {
    expect(await Task.pure(1)).toBe(1)
    expect(await Task.sync(() => 2)).toBe(2)
    expect(await Task.defer(() => Task.pure(3))).toBe(3)
    expect(await Task.unit).toBeUndefined()
  })

  it("runs nothing until it is run, and anew each time", async () => {
    const f = vi.fn(() => 1)
    const task = Task.sync(f).map((n) => n + f())
    expect(f).not.toHaveBeenCalled()
    await task
    await task
    expect(f).toHaveBeenCalledTimes(4)
  })

  it("by fail fails with the very object, as does throwing it", async () => {
    const error = new NotFound("gone")
    await expect(Task.fail(error).toPromise()).rejects.toBe(error)
    await expect(
      Task.sync(() => {
        throw error
      }).toPromise(),
    ).rejects.toBe(error)
    await expect(Task.fail(undefined).toPromise()).rejects.toBeUndefined()
  })

  it("by promise waits for it and rejects with the very object (effect#5164)", async () => {
    const error = new Denied()
    expect(await Task.promise(async () => 5)).toBe(5)
    await expect(Task.promise(() => Promise.reject(error)).toPromise()).rejects.toBe(error)
    await expect(
      Task.promise(() => {
        throw error
      }).toPromise(),
    ).rejects.toBe(error)
  })

  it("by promise runs a Task that the function returns, in its place and cancellable", async () => {
    expect(await Task.promise(() => Task.sleep(1).as(7))).toBe(7)
    let cleaned = 0
    const fiber = Task.promise(() => Task.never.finally(() => void cleaned++)).run()
    await fiber.cancel()
    expect(cleaned).toBe(1)
  })

  it("by promise aborts the signal of a function that returned a Task", async () => {
    let signal: AbortSignal | undefined
    const fiber = Task.promise((given) => {
      signal = given
      return Task.never
    }).run()
    await fiber.cancel("enough")
    expect(signal?.aborted).toBe(true)
    expect(signal?.reason).toBe("enough")
  })

  it("by promise takes a plain value or a thenable", async () => {
    const thenable = { then: (resolve: (value: number) => void) => resolve(4) }
    expect(await Task.promise(() => 3)).toBe(3)
    expect(await Task.promise(() => thenable)).toBe(4)
    expect(await Task.promise(() => Task.sleep(1).as("fiber").run())).toBe("fiber")
  })

  it("by self yields the handle of the running fiber", async () => {
    const fiber = Task.sleep(1)
      .andThen(Task.self())
      .map((self) => self.name)
      .run({ name: "me" })
    expect(await fiber).toBe("me")
  })
})

describe("awaiting", () => {
  it("resolves a promise or a Task that is the value, but the interpreter does not flatten", async () => {
    const nested = Task.pure(Task.pure(Promise.resolve(9)))
    expect(await nested).toBe(9)
    expect(await nested.map((inner) => inner instanceof Task)).toBe(true)
    expect(await Task.sync(async () => 8).map((inner) => inner instanceof Promise)).toBe(true)
  })

  it("works in Promise's combinators and in async functions", async () => {
    expect(await Promise.all([Task.pure(1), Task.sleep(1).as(2)])).toEqual([1, 2])
    expect(await (async () => Task.pure("flat"))()).toBe("flat")
    await expect(Promise.race([Task.never, Task.fail("first")])).rejects.toBe("first")
  })
})

describe("operators on the value", () => {
  it("map, flatMap, as, andThen", async () => {
    expect(await Task.pure(2).map((n) => n * 3)).toBe(6)
    expect(await Task.pure(2).flatMap((n) => Task.sleep(1).as(n + 1))).toBe(3)
    expect(await Task.pure(2).as("x")).toBe("x")
    expect(await Task.pure(2).andThen(Task.pure("y"))).toBe("y")
  })

  it("tap keeps the value, runs a Task that is returned, and fails if that fails", async () => {
    const order: unknown[] = []
    expect(await Task.pure(1).tap((n) => order.push(n))).toBe(1)
    expect(await Task.pure(2).tap((n) => Task.sleep(1).map(() => order.push(n)))).toBe(2)
    expect(order).toEqual([1, 2])
    await expect(
      Task.pure(3)
        .tap(() => Task.fail("no"))
        .toPromise(),
    ).rejects.toBe("no")
  })

  it("refuse a callback of tap that returns a promise, which would run unwatched", async () => {
    await expect(
      Task.pure(1)
        .tap(async () => {})
        .toPromise(),
    ).rejects.toThrow(/callback of tap.*got a Promise.*Task\.promise/)
  })
})

describe("operators on the failure", () => {
  it("catch takes what was thrown or failed, and not the value", async () => {
    expect(await Task.fail("e").catch((error) => Task.pure(`caught ${String(error)}`))).toBe("caught e")
    expect(
      await Task.sync(() => {
        throw new Denied()
      }).catch(() => Task.pure(1)),
    ).toBe(1)
    expect(await Task.pure(1).catch(() => Task.pure(2))).toBe(1)
  })

  it("catch by class leaves the others as they are, and takes its class out of the type", async () => {
    const both = (which: Error): Task<number, NotFound | Denied> => Task.fail(which as NotFound | Denied)
    const narrowed: Task<number, Denied> = both(new NotFound()).catch(NotFound, () => Task.pure(404))
    expect(await narrowed).toBe(404)
    const denied = new Denied()
    await expect(
      both(denied)
        .catch(NotFound, () => Task.pure(404))
        .toPromise(),
    ).rejects.toBe(denied)
  })

  it("a handler that throws fails with what it throws, and an outer handler takes it", async () => {
    const program = Task.fail("inner")
      .catch(() => {
        throw new Denied("outer")
      })
      .catch(Denied, (error) => Task.pure(error.message))
    expect(await program).toBe("outer")
  })

  it("tapError keeps the failure, mapError replaces it", async () => {
    const seen: unknown[] = []
    await expect(
      Task.fail("e")
        .tapError((error) => Task.sync(() => seen.push(error)))
        .toPromise(),
    ).rejects.toBe("e")
    await expect(
      Task.fail("e")
        .mapError((error) => `${String(error)}!`)
        .toPromise(),
    ).rejects.toBe("e!")
    expect(seen).toEqual(["e"])
    expect(
      await Task.pure(1)
        .tapError((error) => seen.push(error))
        .mapError(() => "never"),
    ).toBe(1)
    expect(seen).toEqual(["e"])
  })

  it("attempt yields the outcome as a value", async () => {
    expect(await Task.pure(1).attempt()).toEqual({ status: "fulfilled", value: 1 })
    expect(await Task.fail("e").attempt()).toEqual({ status: "rejected", reason: "e" })
  })

  it("none of them sees a cancellation", async () => {
    const seen: string[] = []
    const fiber = Task.never
      .catch(() => Task.sync(() => seen.push("catch")))
      .tapError(() => seen.push("tapError"))
      .mapError(() => seen.push("mapError"))
      .attempt()
      .map(() => seen.push("attempt"))
      .run()
    await fiber.cancel("stop")
    expect(seen).toEqual([])
    expect(fiber.poll()).toEqual({ status: "cancelled", reason: "stop" })
  })
})

describe("finally", () => {
  const exits: Exit<unknown>[] = []
  const note = (exit: Exit<unknown>): void => void exits.push(exit)

  it("runs once on every outcome and is told which", async () => {
    exits.length = 0
    await Task.pure(1).finally(note)
    await Task.fail("e").finally(note).attempt()
    await Task.never.finally(note).run().cancel("c")
    expect(exits).toEqual([
      { status: "fulfilled", value: 1 },
      { status: "rejected", reason: "e" },
      { status: "cancelled", reason: "c" },
    ])
  })

  it("takes a Task, or a function that returns one, and waits for it on cancellation", async () => {
    const order: string[] = []
    const slow = Task.sleep(2).map(() => void order.push("cleanup"))
    await Task.pure(1).finally(slow)
    const fiber = Task.never
      .finally(() => slow)
      .finally(() => void order.push("outer"))
      .run()
    await fiber.cancel()
    order.push("cancelled")
    expect(order).toEqual(["cleanup", "cleanup", "outer", "cancelled"])
  })

  it("keeps the value and the original failure if it succeeds", async () => {
    const error = new Denied()
    expect(await Task.pure(1).finally(() => Task.pure(2) as Task<unknown>)).toBe(1)
    await expect(
      Task.fail(error)
        .finally(() => Task.sleep(1))
        .toPromise(),
    ).rejects.toBe(error)
  })

  it("fails a success with its own failure", async () => {
    await expect(
      Task.pure(1)
        .finally(() => {
          throw new Denied()
        })
        .toPromise(),
    ).rejects.toBeInstanceOf(Denied)
    await expect(Task.pure(1).finally(Task.fail("cleanup")).toPromise()).rejects.toBe("cleanup")
  })

  it("joins its failure to an earlier one as SuppressedError does, without changing either", async () => {
    const [first, second] = [new NotFound(), new Denied()]
    const both = await Task.fail(first)
      .finally(() => {
        throw second
      })
      .attempt()
    expect(both).toMatchObject({
      status: "rejected",
      reason: { name: "SuppressedError", error: second, suppressed: first },
    })
  })

  it("does not suppress a failure by itself", async () => {
    const error = Object.freeze(new NotFound())
    await expect(Task.fail(error).finally(Task.fail(error)).toPromise()).rejects.toBe(error)
  })

  it("is not cancelled: a cancellation during it is delivered after it", async () => {
    const order: string[] = []
    const fiber = Task.unit
      .finally(() => Task.sleep(3).map(() => void order.push("cleanup done")))
      .map(() => void order.push("body goes on"))
      .run()
    await fiber.cancel()
    expect(order).toEqual(["cleanup done"])
    expect(fiber.poll()?.status).toBe("cancelled")
  })

  it("that fails after a cancellation turns it into a failure that shows both", async () => {
    const fiber = Task.never.finally(() => Task.fail("cleanup")).run()
    await fiber.cancel("why")
    expect(fiber.poll()).toMatchObject({
      status: "rejected",
      reason: { name: "SuppressedError", error: "cleanup", suppressed: { name: "AbortError", cause: "why" } },
    })
  })

  it("refuses a cleanup that returns a promise", async () => {
    const cleanup = (async () => {}) as unknown as () => void
    await expect(Task.unit.finally(cleanup).toPromise()).rejects.toThrow(/what a cleanup returns.*got a Promise/)
  })
})

describe("wrong arguments are refused where they are written", () => {
  const wrong: [string, () => unknown, RegExp][] = [
    ["map", () => Task.unit.map(1 as never), /Expected map to get a function, got 1/],
    ["flatMap", () => Task.unit.flatMap(Task.unit as never), /Expected flatMap to get a function, got a Task/],
    ["tap", () => Task.unit.tap(undefined as never), /Expected tap to get a function, got undefined/],
    ["catch", () => Task.unit.catch(undefined as never), /Expected catch to get a function/],
    ["catch by class", () => Task.unit.catch(Denied, undefined as never), /Expected catch to get a function/],
    ["finally", () => Task.unit.finally(null as never), /Expected finally to get a Task or a function, got null/],
    [
      "andThen",
      () => Task.unit.andThen((() => Task.unit) as never),
      /argument of andThen to be a Task, got a function/,
    ],
    ["sync", () => Task.sync(5 as never), /Expected Task\.sync to get a function, got 5/],
    [
      "promise",
      () => Task.promise(Promise.resolve() as never),
      /Expected Task\.promise to get a function, got a Promise/,
    ],
    ["async", () => Task.async({} as never), /Expected Task\.async to get a function, got \{\}/],
    [
      "catch by what is no class",
      () => Task.unit.catch((() => {}) as never, () => Task.unit),
      /get a class, got a function/,
    ],
    ["gen", () => Task.gen("x" as never), /Expected Task\.gen to get a function, got "x"/],
  ]
  for (const [what, call, message] of wrong) it(what, () => expect(call).toThrow(message))
})

describe("a callback that must return a Task and does not fails with the remedy", () => {
  it("flatMap", async () => {
    await expect(Task.unit.flatMap((() => 5) as never).toPromise()).rejects.toThrow(/flatMap.*got 5.*use map/)
    await expect(Task.unit.flatMap((async () => 5) as never).toPromise()).rejects.toThrow(
      /got a Promise.*Task\.promise/,
    )
    await expect(Task.unit.flatMap((() => undefined) as never).toPromise()).rejects.toThrow(/got undefined/)
  })

  it("catch, defer", async () => {
    await expect(
      Task.fail(1)
        .catch((() => null) as never)
        .toPromise(),
    ).rejects.toThrow(/handler of catch.*got null/)
    await expect(Task.defer((() => "x") as never).toPromise()).rejects.toThrow(/Task\.defer returns.*got "x"/)
  })
})
