import { describe, expect, it } from "vitest"
import { Local, Runtime, Task } from "rapid-fiber"
import { turn } from "../watch.ts"

const local = Local.make("default")
const get = local.get()

describe("a local", () => {
  it("has its default where nothing is set, and what is set for the task it is set for", async () => {
    expect(await get).toBe("default")
    expect(await local.run("set", get)).toBe("set")
    expect(await local.run("set", Task.sleep(1).andThen(get))).toBe("set")
    expect(await get).toBe("default")
  })

  it("may be set to undefined, which is not its default", async () => {
    const maybe = Local.make<string | undefined>("default")
    expect(await maybe.run(undefined, maybe.get())).toBeUndefined()
  })

  it("is apart from every other one, also of the same default", async () => {
    const [one, other] = [Local.make(0), Local.make(0)]
    const both = one.get().zip(other.get())
    expect(await one.run(1, both)).toEqual([1, 0])
    expect(await one.run(1, other.run(2, both))).toEqual([1, 2])
    expect(await one.run(1, other.run(2, one.run(3, both)))).toEqual([3, 2])
  })

  it("has the outer value again after an inner run, by whatever outcome", async () => {
    const inner = {
      value: Task.unit,
      wait: Task.sleep(1),
      failure: Task.fail("down").catch(() => Task.unit),
      "failure outside": Task.fail("down"),
      thrown: Task.sync(() => {
        throw new Error("thrown")
      }),
      "failure after a wait": Task.fail("down").delay(0),
    }
    for (const task of Object.values(inner) as Task<void>[])
      expect(
        await local.run(
          "outer",
          local
            .run("inner", task)
            .catch(() => Task.unit)
            .andThen(get),
        ),
      ).toBe("outer")
  })

  it("is seen by handlers and cleanups as it is where they stand", async () => {
    const seen: string[] = []
    const note = (place: string) => get.tap((value) => seen.push(`${place} ${value}`))
    const program = local.run(
      "outer",
      local
        .run("inner", Task.fail("down").finally(note("inside")))
        .finally(note("outside"))
        .catch(() => note("handler")),
    )
    await program
    expect(seen).toEqual(["inside inner", "outside outer", "handler outer"])
  })

  it("is seen by cleanups on cancellation as it is where they stand, whoever cancels", async () => {
    const seen: string[] = []
    const note = (place: string) => get.tap((value) => seen.push(`${place} ${value}`))
    const fiber = local
      .run(
        "outer",
        local.run("inner", Task.never.finally(note("inside"))).onCancel(() => note("outside")),
      )
      .finally(note("around"))
      .run()
    await local.run("canceller", fiber.cancel())
    expect(seen).toEqual(["inside inner", "outside outer", "around default"])
  })

  it("is the fiber's in a generator, and the same after each yield", async () => {
    const seen = await local.run(
      "outer",
      Task.gen(function* () {
        const values = [yield* get]
        values.push(yield* local.run("inner", get))
        yield* Task.sleep(1)
        values.push(yield* get)
        try {
          yield* local.run("inner", Task.fail("down"))
        } catch {
          values.push(yield* get)
        }
        return values
      }),
    )
    expect(seen).toEqual(["outer", "inner", "outer", "outer"])
  })

  it("goes to children, detached fibers and members as it is where they start", async () => {
    const late = Task.sleep(1).andThen(get)
    const join = (task: Task<string>) => task.start().flatMap((fiber) => fiber.join())
    const members = {
      child: join(late),
      detached: late.startDetached().flatMap((fiber) => fiber.join()),
      all: Task.all([late]).map(([value]) => value),
      race: Task.race([late, Task.never]),
      any: Task.any([Task.fail("down"), late]),
      timeout: late.timeout(1000),
      zip: late.zip(late).map(([value]) => value),
      scope: Task.scoped((scope) => scope.start(late).flatMap((fiber) => fiber.join())),
      bracket: Task.bracket(
        get,
        () => late,
        () => {},
      ),
      memoize: late.memoize(),
      retry: late.retry({ times: 1 }),
    }
    expect(await local.run("set", Task.all(members))).toEqual(
      Object.fromEntries(Object.keys(members).map((name) => [name, "set"])),
    )
  })

  it("is copied, not shared: a child keeps what it got, and sets nothing for its parent", async () => {
    const gate = Task.withResolvers<void>()
    const program = Task.gen(function* () {
      const child = yield* local.run("first", gate.task.andThen(get).start())
      const other = yield* local.run("child's", Task.sleep(1)).start()
      const own = yield* get
      gate.resolve()
      yield* other.join()
      return [own, yield* child.join(), yield* get]
    })
    expect(await local.run("parent", program)).toEqual(["parent", "first", "parent"])
  })

  it("keeps fibers that take turns apart", async () => {
    const task = (id: string) =>
      local.run(
        id,
        Task.gen(function* () {
          for (let i = 0; i < 20; i++) {
            yield* Task.yield()
            if ((yield* get) !== id) return "mixed up"
          }
          return id
        }),
      )
    const ids = Array.from({ length: 50 }, (_, i) => `id ${i}`)
    expect(await Task.all(ids.map(task))).toEqual(ids)
  })

  it("has its default in a fiber that is run at the edge, also inside another fiber", async () => {
    const inner = Task.sync(() => get.run()).flatMap((fiber) => fiber.join())
    expect(await local.run("outer", inner)).toBe("default")
    expect(
      await local.run(
        "outer",
        Task.promise(() => get.toPromise()),
      ),
    ).toBe("default")
    expect(
      await local.run(
        "outer",
        Task.sync(() => get.runSync()),
      ),
    ).toBe("default")
  })

  it("goes along into a Task that a promise function returns, and through async", async () => {
    expect(
      await local.run(
        "set",
        Task.promise(() => get),
      ),
    ).toBe("set")
    expect(
      await local.run(
        "set",
        Task.async<string>((resume) => resume(get)),
      ),
    ).toBe("set")
    expect(
      await local.run(
        "set",
        Task.async<string>((resume) => void setImmediate(() => resume(get))),
      ),
    ).toBe("set")
  })

  it("is seen by releases as it was where they were registered or where they run: in the program's own fiber", async () => {
    const seen: string[] = []
    const note = get.tap((value) => seen.push(value))
    await local.run(
      "set",
      Task.scoped((scope) => scope.defer(note).andThen(scope.acquire(Task.unit, () => note))),
    )
    await local.run(
      "set",
      Task.bracket(
        Task.unit,
        () => Task.unit,
        () => note,
      ),
    )
    expect(seen).toEqual(["set", "set", "set"])
  })

  it("is kept across a region and its restore", async () => {
    const program = Task.uncancelable((restore) => local.run("inner", restore(Task.yield().andThen(get))).zip(get))
    expect(await local.run("outer", program)).toEqual(["inner", "outer"])
  })

  it("does not build up in a loop", async () => {
    const round = local.run("inner", Task.unit)
    const loop = (n: number): Task<string> => (n === 0 ? get : round.andThen(Task.defer(() => loop(n - 1))))
    expect(await local.run("outer", loop(100_000))).toBe("outer")
  })

  it("works on any runtime", async () => {
    const runtime = Runtime.make({ clock: "platform" })
    expect(await local.run("set", Task.sleep(1).andThen(get)).toPromise({ runtime })).toBe("set")
    await turn()
  })

  it("refuses what is no Task at the call", () => {
    expect(() => local.run("set", 5 as unknown as Task<void>)).toThrow(
      new TypeError("Expected the second argument of local.run to be a Task, got 5. For a plain value use Task.pure."),
    )
  })
})
