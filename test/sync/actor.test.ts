import { describe, expect, it, vi } from "vitest"
import { Actor, type ActorOptions, ClosedError, type Fiber, MailboxFullError, Task, TimeoutError } from "rapid-fiber"
import { explore, taskTest, type Trial } from "rapid-fiber/testing"
import { failuresIn } from "../watch.ts"

const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
const rejected = (reason: unknown) => ({ status: "rejected", reason })
const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })

const joined = (fibers: readonly Fiber<unknown, unknown>[]) => Task.all(fibers.map((fiber) => fiber.join().attempt()))

type Options<E> = Partial<ActorOptions<string, E>>

/** An actor that writes down what happens to its resource. */
function logging<E = never>(given: Options<E> | ((log: string[]) => Options<E>) = {}) {
  const log: string[] = []
  let made = 0
  const actor = Actor.make<string, E>({
    create: Task.sync(() => (log.push("made"), `resource ${++made}`)),
    destroy: (resource) => void log.push(`destroyed ${resource}`),
    ...(typeof given === "function" ? given(log) : given),
  })
  const work = (name: string, ms = 1) =>
    actor.ask(() =>
      Task.gen(function* () {
        log.push(`${name} begins`)
        yield* Task.sleep(ms)
        log.push(`${name} ends`)
        return name
      }).onCancel(() => void log.push(`${name} stops`)),
    )
  return { actor, log, work }
}

describe("an actor", () => {
  it(
    "serves one request at a time, in the order of asking",
    taskTest(() => {
      const { log, work } = logging()
      return Task.all([work("a", 3), work("b", 1), work("c", 2)]).tap((names) => {
        expect(names).toEqual(["a", "b", "c"])
        expect(log).toEqual(["made", "a begins", "a ends", "b begins", "b ends", "c begins", "c ends"])
      })
    }),
  )

  it(
    "takes what `f` returns: a value at once, a Task as part of the request; each run of the Task asks anew",
    taskTest(() => {
      const actor = Actor.make({ create: Task.pure({ count: 0 }) })
      const next = actor.ask((state) => ++state.count)
      const slowNext = actor.ask((state) => Task.sleep(1).map(() => ++state.count))
      return Task.gen(function* () {
        expect(yield* Task.all([next, slowNext, next, slowNext])).toEqual([1, 2, 3, 4])
        expect(yield* next).toBe(5)
        expect(yield* actor.ask(() => undefined)).toBeUndefined()
      })
    }),
  )

  it("needs no wait where nothing waits", () => {
    const actor = Actor.make({ create: Task.sync(() => [1, 2]) })
    expect(actor.ask((list) => list.length).runSync()).toBe(2)
    actor.close().runSync()
  })

  it(
    "makes its resource at the first request, once, and not for those after it",
    taskTest(() => {
      const { actor, log } = logging((log) => ({ create: Task.sleep(5).map(() => (log.push("made"), "resource")) }))
      return Task.gen(function* () {
        const request = actor.ask((resource) => resource)
        yield* Task.sleep(10)
        expect(log).toEqual([])
        expect(yield* Task.all([request, request, request])).toEqual(["resource", "resource", "resource"])
        expect(log).toEqual(["made"])
      })
    }),
  )

  it(
    "makes undefined once, as any other value",
    taskTest(() => {
      const create = vi.fn(() => undefined)
      const destroy = vi.fn()
      const actor = Actor.make({ create: Task.sync(create), destroy })
      return Task.gen(function* () {
        yield* actor.ask(() => 1)
        yield* actor.ask(() => 2)
        yield* actor.close()
        expect(create).toHaveBeenCalledTimes(1)
        expect(destroy.mock.calls).toEqual([[undefined]])
      })
    }),
  )

  it(
    "fails the request whose resource could not be made, and tries again at the next one",
    taskTest(() => {
      let tries = 0
      const create = Task.sleep(1).andThen(
        Task.defer(() => (++tries < 3 ? Task.fail(`try ${tries}`) : Task.pure("made"))),
      )
      const { actor } = logging({ create })
      const f = vi.fn((resource: string) => resource)
      return Task.gen(function* () {
        const request = actor.ask(f).attempt()
        const outcomes = yield* Task.all([request, request, request, request])
        expect(outcomes).toEqual([rejected("try 1"), rejected("try 2"), fulfilled("made"), fulfilled("made")])
        expect(tries).toBe(3)
        expect(f).toHaveBeenCalledTimes(2)
      })
    }),
  )

  it(
    "goes on after a request that fails or throws, with the same resource",
    taskTest(() => {
      const { actor, log } = logging()
      const error = new Error("thrown")
      return Task.gen(function* () {
        const failing = actor.ask(() => Task.sleep(1).andThen(Task.fail("down"))).attempt()
        const throwing = actor
          .ask(() => {
            throw error
          })
          .attempt()
        const fine = actor.ask((resource) => resource).attempt()
        expect(yield* Task.all([failing, throwing, fine])).toEqual([
          rejected("down"),
          rejected(error),
          fulfilled("resource 1"),
        ])
        expect(log).toEqual(["made"])
      })
    }),
  )

  it(
    "counts those who wait, not the one that is served",
    taskTest(() => {
      const { actor, work } = logging()
      return Task.gen(function* () {
        expect(actor.waiting).toBe(0)
        const fibers = [yield* work("a", 10).start(), yield* work("b", 10).start(), yield* work("c", 10).start()]
        yield* Task.sleep(5)
        expect(actor.waiting).toBe(2)
        yield* Task.sleep(10)
        expect(actor.waiting).toBe(1)
        yield* joined(fibers)
        expect(actor.waiting).toBe(0)
      })
    }),
  )
})

describe("a request that is cancelled", () => {
  it(
    "while it waits is never begun, and the others keep their order",
    taskTest(() => {
      const { actor, log, work } = logging()
      return Task.gen(function* () {
        const fibers: Fiber<string, unknown>[] = []
        for (const name of ["a", "b", "c", "d"]) fibers.push(yield* work(name).startDetached())
        yield* Task.yield()
        yield* fibers[1].cancel("not needed")
        expect(fibers[1].poll()).toEqual(cancelled("not needed"))
        expect(actor.waiting).toBe(2)
        yield* joined(fibers)
        expect(log).toEqual(["made", "a begins", "a ends", "c begins", "c ends", "d begins", "d ends"])
      })
    }),
  )

  it(
    "while it runs is stopped, and the next one begins when its cleanup is over",
    taskTest(() => {
      const { actor, log } = logging()
      return Task.gen(function* () {
        const running = yield* actor
          .ask(() => Task.never.finally(() => Task.sleep(10).tap(() => log.push("cleaned up"))))
          .startDetached()
        const next = yield* actor.ask(() => log.push("next")).startDetached()
        yield* Task.sleep(1)
        running.abort()
        yield* Task.sleep(5)
        expect(next.poll()).toBeUndefined()
        yield* next.join()
        expect(log).toEqual(["made", "cleaned up", "next"])
      })
    }),
  )

  it(
    "while the resource is made waits for it; the resource is neither lost nor made twice",
    taskTest(() => {
      const { actor, log } = logging((log) => ({ create: Task.sleep(10).map(() => (log.push("made"), "resource")) }))
      const f = vi.fn()
      return Task.gen(function* () {
        const first = yield* actor.ask(f).startDetached()
        yield* Task.sleep(5)
        yield* first.cancel()
        expect([yield* Task.now(), log, first.poll()]).toEqual([10, ["made"], cancelled()])
        expect(yield* actor.ask((resource) => resource)).toBe("resource")
        yield* actor.close()
        expect(log).toEqual(["made", "destroyed resource"])
        expect(f).not.toHaveBeenCalled()
      })
    }),
  )

  it(
    "while the resource is made leaves at once where a function of `restore` says so, and the next one makes it anew",
    taskTest(() => {
      let tries = 0
      const { actor } = logging({
        create: (restore) =>
          restore(Task.sync(() => ++tries).flatMap((n) => (n === 1 ? Task.never : Task.pure("second")))),
      })
      return Task.gen(function* () {
        const first = yield* actor.ask((resource) => resource).startDetached()
        const second = yield* actor.ask((resource) => resource).startDetached()
        yield* Task.sleep(5)
        yield* first.cancel()
        expect(yield* Task.now()).toBe(5)
        expect(yield* second.join()).toBe("second")
      })
    }),
  )

  it(
    "by a time that is up makes room for the next one",
    taskTest(() => {
      const { actor, log, work } = logging()
      return Task.gen(function* () {
        const late = work("slow", 1000).timeout(10).attempt()
        const waitsTooLong = work("impatient").timeout(5).attempt()
        const [first, second, third] = yield* Task.all([late, waitsTooLong, work("next")])
        expect([first, second, third]).toEqual([
          rejected(expect.any(TimeoutError)),
          rejected(expect.any(TimeoutError)),
          "next",
        ])
        expect(log).toEqual(["made", "slow begins", "slow stops", "next begins", "next ends"])
        expect(actor.waiting).toBe(0)
      })
    }),
  )
})

describe("a mailbox", () => {
  it(
    "refuses more than may wait, at once, and does not count the one that is served",
    taskTest(() => {
      const { actor, work } = logging({ mailbox: 2 })
      return Task.gen(function* () {
        const fibers: Fiber<unknown, unknown>[] = []
        for (const name of ["a", "b", "c"]) fibers.push(yield* work(name, 10).startDetached())
        yield* Task.sleep(1)
        expect(actor.waiting).toBe(2)
        const error = yield* work("d").catch(MailboxFullError, (reason) => Task.pure(reason))
        expect(error).toBeInstanceOf(MailboxFullError)
        expect(error).toMatchObject({ name: "MailboxFullError", mailbox: 2 })
        expect(yield* Task.now()).toBe(1)
        expect(yield* joined(fibers)).toEqual(["a", "b", "c"].map(fulfilled))
      })
    }),
  )

  it(
    "has room again when one is served, and when one that waits is cancelled",
    taskTest(() => {
      const { work } = logging({ mailbox: 1 })
      return Task.gen(function* () {
        const fibers = [yield* work("a", 10).startDetached(), yield* work("b", 10).startDetached()]
        yield* Task.sleep(1)
        expect((yield* work("c").attempt()).status).toBe("rejected")
        yield* fibers[1].cancel()
        fibers.push(yield* work("d", 10).startDetached())
        yield* Task.sleep(1)
        expect((yield* work("e").attempt()).status).toBe("rejected")
        yield* Task.sleep(10)
        fibers.push(yield* work("f").startDetached())
        expect((yield* joined(fibers)).map(({ status }) => status)).toEqual([
          "fulfilled",
          "rejected",
          "fulfilled",
          "fulfilled",
        ])
      })
    }),
  )

  it(
    "holds while the resource is made as well",
    taskTest(() => {
      const { work } = logging({ mailbox: 1, create: Task.sleep(10).as("resource") })
      return Task.gen(function* () {
        const fibers = [yield* work("a").startDetached(), yield* work("b").startDetached()]
        yield* Task.sleep(1)
        expect((yield* work("c").attempt()).status).toBe("rejected")
        expect(yield* joined(fibers)).toEqual([fulfilled("a"), fulfilled("b")])
      })
    }),
  )
})

describe("a mailbox under any schedule", () => {
  it("never holds more than may wait, and serves those that it has taken in", async () => {
    const program = (trial: Trial) => {
      let [served, refused] = [0, 0]
      const look = () => {
        if (actor.waiting > 1) throw new Error(`Expected at most one to wait, got ${actor.waiting}.`)
      }
      const actor = Actor.make({ create: Task.yield().map(look), mailbox: 1 })
      const request = actor
        .ask(() => {
          served++
          look()
          return Task.yield().map(look)
        })
        .catch(MailboxFullError, () => Task.sync(() => void refused++))
      trial.check(() => {
        if (served < 2 || served + refused !== 4) throw new Error(`Expected two or more, got ${served} of 4.`)
      })
      return Task.all([request, request, request, request])
    }
    expect(await explore(program, { runs: 1000 })).toMatchObject({ runs: 1000 })
  })
})

describe("closing an actor", () => {
  it(
    "refuses what is asked from then on, serves those who wait, then destroys the resource",
    taskTest(() => {
      const { actor, log, work } = logging()
      return Task.gen(function* () {
        const fibers = [yield* work("a").startDetached(), yield* work("b").startDetached()]
        yield* Task.yield()
        const closing = yield* actor.close().startDetached()
        yield* Task.yield()
        const error = yield* work("late").catch(ClosedError, (reason) => Task.pure(reason))
        expect(error).toBeInstanceOf(ClosedError)
        expect(error).toMatchObject({ name: "ClosedError", what: "actor" })
        expect(closing.poll()).toBeUndefined()
        yield* closing.join()
        expect(yield* joined(fibers)).toEqual([fulfilled("a"), fulfilled("b")])
        expect(log).toEqual(["made", "a begins", "a ends", "b begins", "b ends", "destroyed resource 1"])
      })
    }),
  )

  it(
    "destroys nothing where nothing was made, and makes nothing",
    taskTest(() => {
      const { actor, log } = logging()
      return Task.gen(function* () {
        yield* actor.close()
        expect(yield* actor.ask(() => 1).attempt()).toMatchObject({ reason: { what: "actor" } })
        expect(log).toEqual([])
      })
    }),
  )

  it(
    "waits for a destroy that is a Task, and needs none",
    taskTest(() => {
      const { actor } = logging({ destroy: () => Task.sleep(10) })
      const plain = Actor.make({ create: Task.pure(1) })
      return Task.gen(function* () {
        yield* actor.ask(() => 1)
        yield* actor.close()
        expect(yield* Task.now()).toBe(10)
        yield* plain.ask(() => 1)
        yield* plain.close()
      })
    }),
  )

  it(
    "fails as destroying does, whether that is a Task or throws; it is closed all the same",
    taskTest(() => {
      const thrown = new Error("thrown")
      const fails = logging<unknown>({ destroy: () => Task.fail("stuck") }).actor
      const throws = logging<unknown>({
        destroy: () => {
          throw thrown
        },
      }).actor
      return Task.gen(function* () {
        for (const [actor, reason] of [
          [fails, "stuck"],
          [throws, thrown],
        ] as const) {
          yield* actor.ask(() => 1)
          expect(yield* actor.close().attempt()).toEqual(rejected(reason))
          expect(yield* actor.ask(() => 1).attempt()).toMatchObject({ reason: { name: "ClosedError" } })
        }
      })
    }),
  )

  it(
    "a second time, meanwhile and later, destroys nothing a second time, and waits for the first",
    taskTest(() => {
      const destroyed: number[] = []
      const { actor } = logging({
        destroy: () =>
          Task.sleep(10)
            .andThen(Task.now())
            .tap((now) => void destroyed.push(now)),
      })
      return Task.gen(function* () {
        yield* actor.ask(() => 1)
        const twice = yield* Task.all([actor.close().andThen(Task.now()), actor.close().andThen(Task.now())])
        expect(twice).toEqual([10, 10])
        yield* actor.close()
        expect(destroyed).toEqual([10])
      })
    }),
  )

  it(
    "cancelled while it waits leaves it closed, and another close goes on",
    taskTest(() => {
      const { actor, log, work } = logging()
      return Task.gen(function* () {
        const fibers = [yield* work("a", 10).startDetached(), yield* work("b", 10).startDetached()]
        yield* Task.sleep(1)
        const closing = yield* actor.close().startDetached()
        yield* Task.sleep(1)
        yield* closing.cancel()
        expect(yield* Task.now()).toBe(2)
        expect((yield* work("late").attempt()).status).toBe("rejected")
        yield* actor.close()
        expect(yield* joined(fibers)).toEqual([fulfilled("a"), fulfilled("b")])
        expect(log.slice(-2)).toEqual(["b ends", "destroyed resource 1"])
      })
    }),
  )

  it(
    "cancelled while it destroys waits for that, and destroys once",
    taskTest(() => {
      const destroyed = vi.fn()
      const { actor } = logging({ destroy: () => Task.sleep(10).tap(destroyed) })
      return Task.gen(function* () {
        yield* actor.ask(() => 1)
        const closing = yield* actor.close().startDetached()
        yield* Task.sleep(5)
        yield* closing.cancel()
        expect(yield* Task.now()).toBe(10)
        yield* actor.close()
        expect(destroyed).toHaveBeenCalledTimes(1)
      })
    }),
  )

  it(
    "is no request that waits",
    taskTest(() => {
      const { actor, work } = logging()
      return Task.gen(function* () {
        const running = yield* work("a", 10).startDetached()
        yield* Task.yield()
        const closing = yield* actor.close().startDetached()
        yield* Task.yield()
        expect(actor.waiting).toBe(0)
        yield* joined([running, closing])
      })
    }),
  )

  it(
    "is what `await using` does at the end of the block",
    taskTest(() => {
      const { actor, log, work } = logging()
      const block = async () => {
        await using held = actor
        expect(await held.ask((resource) => resource)).toBe("resource 1")
      }
      return Task.gen(function* () {
        yield* Task.promise(block)
        expect(log).toEqual(["made", "destroyed resource 1"])
        expect((yield* work("late").attempt()).status).toBe("rejected")
      })
    }),
  )

  it(
    "destroys no resource whose making has failed",
    taskTest(() => {
      const destroy = vi.fn()
      const actor = Actor.make<string, string>({ create: Task.fail("down"), destroy })
      return Task.gen(function* () {
        yield* actor.ask(() => 1).attempt()
        yield* actor.close()
        expect(destroy).not.toHaveBeenCalled()
      })
    }),
  )
})

describe("a request that asks the same actor from inside", () => {
  const asking = (actor: Actor<number>) => actor.ask(() => actor.ask(() => "inner"))

  it("fails at once, and the actor serves the next one", async () => {
    const actor = Actor.make({ create: Task.pure(1) })
    await expect(asking(actor).toPromise()).rejects.toThrow("Expected a request to leave its actor alone")
    await expect(actor.ask(() => actor.close()).toPromise()).rejects.toThrow("it would wait for itself")
    expect([actor.waiting, await actor.ask((n) => n)]).toEqual([0, 1])
  })

  it(
    "ends by its own time limit where a child of it asks, and the actor serves the next one",
    taskTest(() => {
      const actor = Actor.make({ create: Task.pure(1) })
      return Task.gen(function* () {
        const inside = actor.ask(() => actor.ask(() => "inner").timeout(10))
        expect(yield* inside.attempt()).toEqual(rejected(expect.any(TimeoutError)))
        expect(yield* actor.ask((n) => n)).toBe(1)
        expect(actor.waiting).toBe(0)
      })
    }),
  )
})

describe("any actor", () => {
  it("p-queue#241 / p-limit#25: every queued waiter settles when it is closed or cancelled", async () => {
    const program = (trial: Trial) => {
      let busy = 0
      const order: string[] = []
      const actor = Actor.make({
        create: Task.yield().andThen(Task.sync(() => trial.resource("the resource"))),
        destroy: (giveBack) => Task.yield().andThen(Task.sync(giveBack)),
      })
      const work = (name: string) =>
        actor.ask(() =>
          Task.gen(function* () {
            if (++busy > 1) throw new Error("Expected one at a time, got two.")
            order.push(name)
            yield* Task.yield()
          }).finally(() => Task.yield().tap(() => void busy--)),
        )
      trial.check(() => {
        if (actor.waiting !== 0) throw new Error(`Expected nobody to wait, got ${actor.waiting}.`)
      })
      return Task.gen(function* () {
        const fibers: Fiber<unknown, unknown>[] = []
        for (const name of ["first", "second", "third"]) fibers.push(yield* work(name).startDetached({ name }))
        yield* Task.yield()
        fibers.push(yield* actor.close().startDetached({ name: "closer" }))
        const late = yield* work("late").startDetached()
        yield* joined(fibers)
        yield* late.join().attempt()
        yield* actor.close()
        if (new Set(order).size !== order.length) throw new Error(`Expected each once, got ${order.join(", ")}.`)
      })
    }
    const options = { cancel: ["first", "second", "third", "closer"], runs: 2000 }
    expect(await explore(program, options)).toMatchObject({ runs: 2000 })
  })

  // Whether it is closed must be asked in the step that takes the turn: who gives way in between would make the resource anew
  // in an actor that has been closed meanwhile, and nobody would destroy it.
  it("that is closed in the moment in which somebody asks refuses it or serves it, and destroys what is made", async () => {
    const program = (trial: Trial) => {
      const actor = Actor.make({
        create: Task.sync(() => trial.resource("the resource")),
        destroy: (giveBack) => giveBack(),
      })
      return Task.gen(function* () {
        const request = actor.ask(() => Task.yield())
        const asking = yield* request.catch(ClosedError, () => Task.unit).startDetached()
        yield* actor.close()
        yield* asking.join()
      })
    }
    expect(await explore(program, { strategy: "exhaustive", runs: 20_000 })).toMatchObject({ complete: true })
  })

  it("keeps nothing alive, and joins the failures of a request's cleanup as any task does", async () => {
    const program = Task.gen(function* () {
      const actor = Actor.make({ create: Task.pure(1) })
      const running = yield* actor.ask(() => Task.never.finally(() => Task.fail("cleanup"))).startDetached()
      yield* Task.yield()
      yield* running.cancel()
      yield* running.join().attempt()
      const exit = running.poll()
      if (exit === undefined) throw new Error("Expected it to have ended.")
      expect(failuresIn(exit)).toContain("cleanup")
      expect(yield* actor.ask((n) => n)).toBe(1)
    })
    await taskTest(program)()
  })
})

describe("what an actor refuses", () => {
  const make = (options: unknown) => () => Actor.make(options as ActorOptions<number>)
  const create = Task.pure(1)

  it("refuses a create that is neither a Task nor a function", () => {
    expect(make({ create: 1 })).toThrow(TypeError)
    expect(make({ create: 1 })).toThrow(/^Expected .*create.* a Task or a function, got 1\./)
    expect(make({})).toThrow(/^Expected .*create.* a Task or a function, got undefined\./)
  })

  it("refuses a destroy that is no function", () => {
    expect(make({ create, destroy: Task.unit })).toThrow(/^Expected .*destroy.* function, got a Task\./)
  })

  it.each([0, -1, 1.5, Number.NaN])("refuses a mailbox of %s", (mailbox) => {
    expect(make({ create, mailbox })).toThrow(RangeError)
    expect(make({ create, mailbox })).toThrow(`Expected \`mailbox\` to be an integer >= 1 or Infinity, got ${mailbox}.`)
    expect(make({ create, mailbox: Infinity })).not.toThrow()
  })

  it("refuses an option that it does not know, and to ask what is no function", () => {
    expect(make({ create, size: 1 })).toThrow(/^Expected the options of .+ to be among .+, got `size`\.$/)
    const notAFunction = Task.unit as unknown as () => void
    expect(() => Actor.make({ create }).ask(notAFunction)).toThrow(/^Expected .+ function, got a Task\./)
  })
})
