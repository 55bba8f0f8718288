import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { CancelledError, type Exit, type Fiber, Local, type Restore, Runtime, Task, TimeoutError } from "rapid-fiber"

/**
 * The laws of cancellation, of fibers and of time, as equations between programs. Their names are those that Cats Effect
 * gives them where it has them; where ours differ, the test says why.
 *
 * Two programs are equal if they write down the same and end alike: run to their end, and cancelled at each of their events.
 */
type AnyTask = Task<unknown, unknown>

class World {
  readonly log: string[] = []
  onEvent: (count: number) => void = () => {}

  note(event: string): Task<void> {
    return Task.sync(() => this.write(event))
  }

  write(event: string): void {
    this.log.push(event)
    this.onEvent(this.log.length)
  }
}

type Make = (world: World) => AnyTask

interface Program {
  readonly kind: string
  readonly id: number
  readonly parts: readonly Program[]
}

const id = fc.nat({ max: 99 })
const leaf = (...kinds: string[]) => fc.record({ kind: fc.constantFrom(...kinds), id, parts: fc.constant([]) })
const inner = (part: fc.Arbitrary<Program>, kinds: string[], parts: number) =>
  fc.record({ kind: fc.constantFrom(...kinds), id, parts: fc.array(part, { minLength: parts, maxLength: parts }) })

/** `sound` succeeds, `ending` ends, `free` may wait for ever. */
const { sound, ending, free } = fc.letrec<{ sound: Program; ending: Program; free: Program }>((tie) => ({
  sound: fc.oneof(
    { maxDepth: 3 },
    leaf("pure", "note", "yield", "soon"),
    inner(tie("sound"), ["then", "gen", "finally", "onCancel"], 2),
  ),
  ending: fc.oneof(
    { maxDepth: 3 },
    leaf("pure", "note", "yield", "soon", "fail", "throw"),
    inner(tie("ending"), ["then", "gen", "catch"], 2),
    inner(tie("sound"), ["finally", "onCancel"], 2),
  ),
  free: fc.oneof(
    { maxDepth: 3 },
    leaf("pure", "note", "yield", "soon", "fail", "throw", "never"),
    inner(tie("free"), ["then", "gen", "catch"], 2),
    fc.record({
      kind: fc.constantFrom("finally", "onCancel"),
      id,
      parts: fc.tuple(tie("free"), tie("sound")),
    }),
  ),
})) as Record<"sound" | "ending" | "free", fc.Arbitrary<Program>>

function build(p: Program, world: World): AnyTask {
  const name = `${p.kind} ${p.id}`
  const note = world.note(name)
  const [first, second] = p.parts.map((part) => build(part, world))
  switch (p.kind) {
    case "note":
      return note.as(p.id)
    case "yield":
      return Task.yield().andThen(note).as(p.id)
    case "soon":
      return Task.async((resume) => {
        const timer = setImmediate(() => resume(note.as(p.id)))
        return () => clearImmediate(timer)
      })
    case "fail":
      return note.andThen(Task.fail(name))
    case "throw":
      return note.map(() => {
        throw name
      })
    case "never":
      return note.andThen(Task.never)
    case "then":
      return first.andThen(second)
    case "gen":
      return Task.gen(function* () {
        yield* first
        yield* note
        return yield* second
      })
    case "catch":
      return first.catch((error) => world.note(`caught ${String(error)}`).andThen(second))
    case "finally":
      return first.finally((exit) => world.note(`${name} ${exit.status}`).andThen(second))
    case "onCancel":
      return first.onCancel((reason) => world.note(`${name} ${String(reason)}`).andThen(second))
    default:
      return Task.pure(p.id)
  }
}

const immediate = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve)
  })

interface Seen {
  readonly log: readonly string[]
  readonly exit: Exit<unknown>
}

/** What a program does if it is cancelled at its `k`th event; with 0, or if it has not so many, when it stands still. */
async function seen(make: Make, k: number): Promise<Seen> {
  const world = new World()
  let fiber: Fiber<unknown, unknown> | undefined
  world.onEvent = (count) => {
    if (count === k) fiber?.abort("stop")
  }
  // A boundary behind the last step, where a request in the midst of it is seen.
  const task = Task.self()
    .tap((self) => void (fiber = self))
    .andThen(make(world))
    .map((value) => value)
    .tapError(() => {})
  const running = task.run()
  running.onExit(() => {})
  let still = 0
  for (let turn = 0; running.poll() === undefined && turn < 400; turn++) {
    const length = world.log.length
    await immediate()
    still = length === world.log.length ? still + 1 : 0
    if (still < 20) continue
    world.write("stands still")
    running.abort("stop")
    still = 0
  }
  const exit = running.poll()
  if (exit === undefined) throw new Error(`The program hangs after ${world.log}`)
  return { log: world.log, exit }
}

/** Two programs are equal at each moment of a cancellation. */
async function checkEqual(left: Make, right: Make): Promise<void> {
  await checkEqualUncancelled(left, right)
  const { log } = await seen(right, 0)
  for (let k = 1; k <= log.length; k++) expect(await seen(left, k), `at ${k}`).toEqual(await seen(right, k))
}

/** Two programs are equal if nobody cancels them before they stand still. */
async function checkEqualUncancelled(left: Make, right: Make): Promise<void> {
  expect(await seen(left, 0)).toEqual(await seen(right, 0))
}

const selfCancel = Task.self().flatMap((self) => self.cancel("self"))

const masked = (task: AnyTask) => Task.uncancelable(() => task)

const always = { numRuns: 120 }

afterEach(() => {
  vi.useRealTimers()
})

describe("uncancelable", () => {
  it("with all of it restored is the task itself [uncancelablePollIsIdentity]", async () => {
    const law = (p: Program) =>
      checkEqual(
        (w) => Task.uncancelable((restore) => restore(build(p, w))),
        (w) => build(p, w),
      )
    await fc.assert(fc.asyncProperty(free, law), always)
  })

  it("in uncancelable is one of them [uncancelableIgnoredPollEliminatesNesting]", async () => {
    const law = (p: Program) =>
      checkEqual(
        (w) => masked(masked(build(p, w))),
        (w) => masked(build(p, w)),
      )
    await fc.assert(fc.asyncProperty(ending, law), always)
  })

  it("with restores that are nested the wrong way stays closed [uncancelablePollInverseNestIsUncancelable]", async () => {
    const law = (p: Program) =>
      checkEqual(
        (w) => Task.uncancelable((outer) => Task.uncancelable((inner) => outer(inner(build(p, w))))),
        (w) => masked(build(p, w)),
      )
    await fc.assert(fc.asyncProperty(ending, law), always)
  })

  it("with restores that are nested the right way is open", async () => {
    const law = (p: Program) =>
      checkEqual(
        (w) => Task.uncancelable((outer) => Task.uncancelable((inner) => inner(outer(build(p, w))))),
        (w) => build(p, w),
      )
    await fc.assert(fc.asyncProperty(free, law), always)
  })

  it("that is restored around an inner one that is restored is open", async () => {
    const law = (p: Program) =>
      checkEqual(
        (w) => Task.uncancelable((outer) => outer(Task.uncancelable((inner) => inner(build(p, w))))),
        (w) => build(p, w),
      )
    await fc.assert(fc.asyncProperty(free, law), always)
  })

  it("has a restore that means nothing after it and in other fibers", async () => {
    const law = async (p: Program) => {
      let kept: Restore = (task) => task
      await Task.uncancelable((restore) => Task.sync(() => void (kept = restore)))
      await checkEqual(
        (w) => kept(build(p, w)),
        (w) => build(p, w),
      )
    }
    await fc.assert(fc.asyncProperty(free, law), always)
  })

  it("in which a finished part is restored is no more open than before", async () => {
    const law = (p: Program, q: Program) =>
      checkEqual(
        (w) => Task.uncancelable((restore) => restore(Task.unit).andThen(build(p, w)).andThen(build(q, w))),
        (w) => masked(build(p, w).andThen(build(q, w))),
      )
    await fc.assert(fc.asyncProperty(ending, ending, law), always)
  })

  it("never runs what onCancel adds in it [uncancelableEliminatesOnCancel]", async () => {
    const law = (p: Program, fin: Program) =>
      checkEqual(
        (w) => masked(build(p, w).onCancel(build(fin, w))),
        (w) => masked(build(p, w)),
      )
    await fc.assert(fc.asyncProperty(ending, sound, law), always)
  })

  it("is the same with onCancel inside or around it while nobody cancels [onCancelAssociatesOverUncancelableBoundary]", async () => {
    const law = (p: Program, fin: Program) =>
      checkEqualUncancelled(
        (w) => masked(build(p, w).onCancel(build(fin, w))),
        (w) => masked(build(p, w)).onCancel(build(fin, w)),
      )
    await fc.assert(fc.asyncProperty(ending, sound, law), always)
  })

  // In Cats Effect that law holds under cancellation too: the pending one is seen only behind the finalizer. With us the
  // fiber stops at the end of the region, so what stands around the region is told: it may hold what the region acquired.
  it("that was cancelled meanwhile completes, and then tells what stands around it", async () => {
    const law = async (p: Program) => {
      const around: Make = (w) => masked(w.note("in").andThen(build(p, w)).attempt()).onCancel(w.note("told"))
      const whole = await seen(around, 0)
      for (let k = 1; k <= whole.log.length; k++) {
        expect(await seen(around, k)).toEqual({
          log: [...whole.log, "told"],
          exit: { status: "cancelled", reason: "stop" },
        })
      }
    }
    await fc.assert(fc.asyncProperty(ending, law), always)
  })

  it("that cancels itself completes and then stops [uncancelableCanceledAssociatesRightOverFlatMapAttempt]", async () => {
    const law = (p: Program) =>
      checkEqualUncancelled(
        (w) => masked(selfCancel.andThen(build(p, w))).attempt(),
        (w) => masked(build(p, w)).attempt().andThen(selfCancel).andThen(w.note("not reached")),
      )
    await fc.assert(fc.asyncProperty(ending, law), always)
  })

  it("that a cancellation waits for is left by none of its other ways", async () => {
    const law = async (p: Program) => {
      const { exit } = await seen((w) => masked(selfCancel.andThen(build(p, w))).catch(() => w.note("caught")), 0)
      expect(exit).toEqual({ status: "cancelled", reason: "self" })
    }
    await fc.assert(fc.asyncProperty(ending, law), always)
  })
})

describe("cancelling", () => {
  it("oneself stops at the boundary, whatever comes after [canceledAssociatesLeftOverFlatMap]", async () => {
    const law = (p: Program) =>
      checkEqual(
        (w) => selfCancel.andThen(build(p, w)),
        () => selfCancel,
      )
    await fc.assert(fc.asyncProperty(free, law), always)
  })

  it("runs what onCancel adds from the inside out, masked [canceledSequencesOnCancelInOrder]", async () => {
    const law = (first: Program, second: Program) =>
      checkEqualUncancelled(
        (w) => selfCancel.onCancel(build(first, w)).onCancel(build(second, w)),
        (w) => masked(build(first, w).andThen(build(second, w))).andThen(selfCancel),
      )
    await fc.assert(fc.asyncProperty(sound, sound, law), always)
  })

  it("is masked in what onCancel adds [uncancelableFinalizers]", async () => {
    const law = (fin: Program) =>
      checkEqual(
        (w) => selfCancel.onCancel(masked(build(fin, w))),
        (w) => selfCancel.onCancel(build(fin, w)),
      )
    await fc.assert(fc.asyncProperty(sound, law), always)
  })

  it("adds nothing to a task that is not cancelled", async () => {
    const law = (p: Program, fin: Program) =>
      checkEqualUncancelled(
        (w) => build(p, w).onCancel(build(fin, w)),
        (w) => build(p, w),
      )
    await fc.assert(fc.asyncProperty(ending, sound, law), always)
  })

  it("twice, or by many at once, is cancelling once, with the first reason", async () => {
    const law = async (p: Program, times: number, k: number) => {
      const once = await seen((w) => build(p, w).andThen(Task.never), k)
      const many = await seen(
        (w) =>
          Task.self()
            .tap((self) => {
              const again = w.onEvent
              w.onEvent = (count) => {
                again(count)
                if (count < k) return
                for (let i = 0; i < times; i++) self.abort(i)
                for (let i = 0; i < times; i++) self.cancel(i).runAndForget()
              }
            })
            .andThen(build(p, w))
            .andThen(Task.never),
        k,
      )
      expect(many).toEqual(once)
    }
    await fc.assert(fc.asyncProperty(free, fc.nat({ max: 4 }), fc.integer({ min: 1, max: 4 }), law), always)
  })
})

describe("finally and bracket", () => {
  it("take a cleanup as a Task or as a function [guaranteeIsGuaranteeCase]", async () => {
    const law = (p: Program, fin: Program) =>
      checkEqual(
        (w) => build(p, w).finally(build(fin, w)),
        (w) => build(p, w).finally(() => build(fin, w)),
      )
    await fc.assert(fc.asyncProperty(free, ending, law), always)
  })

  it("run a cleanup as an uncancelable end of the task", async () => {
    const law = (p: Program, fin: Program) =>
      checkEqualUncancelled(
        (w) => build(p, w).finally(build(fin, w)),
        (w) =>
          build(p, w)
            .attempt()
            .flatMap((settled) =>
              masked(build(fin, w)).andThen(
                settled.status === "fulfilled" ? Task.pure(settled.value) : Task.fail(settled.reason),
              ),
            ),
      )
    await fc.assert(fc.asyncProperty(ending, sound, law), always)
  })

  it("bracket is acquiring under a mask, using without it, releasing at the end", async () => {
    const law = (acquire: Program, use: Program, release: Program) =>
      checkEqual(
        (w) =>
          Task.bracket(
            build(acquire, w),
            () => build(use, w),
            (_, exit) => w.note(exit.status).andThen(build(release, w)),
          ),
        (w) =>
          Task.uncancelable((restore) =>
            build(acquire, w).flatMap(() =>
              restore(Task.defer(() => build(use, w))).finally((exit) =>
                w.note(exit.status).andThen(build(release, w)),
              ),
            ),
          ),
      )
    await fc.assert(fc.asyncProperty(ending, free, ending, law), always)
  })

  it("bracket with an acquire of which all is restored is cancelled in it like the task alone", async () => {
    const law = (acquire: Program) =>
      checkEqual(
        (w) =>
          Task.bracket(
            (restore) => restore(build(acquire, w)),
            () => w.note("use"),
            () => {},
          ).as(0),
        (w) => build(acquire, w).andThen(w.note("use")).as(0),
      )
    await fc.assert(fc.asyncProperty(free, law), always)
  })

  it("bracket's release sees how the use ended, and the resource that was acquired, once", async () => {
    const law = async (use: Program, k: number) => {
      const resource = {}
      const ends: Exit<unknown>[] = []
      const told: [unknown, Exit<unknown>][] = []
      const { exit } = await seen(
        (w) =>
          Task.bracket(
            Task.pure(resource),
            () => build(use, w).finally((end) => void ends.push(end)),
            (given, end) => void told.push([given, end]),
          ),
        k,
      )
      if (ends.length === 0) ends.push({ status: "cancelled", reason: "stop" })
      expect(told.length).toBe(1)
      expect(told[0]?.[0]).toBe(resource)
      // A cancellation may be delivered between the end of the use and the release.
      if (told[0]?.[1].status !== "cancelled") expect(told[0]?.[1]).toEqual(ends[0])
      expect(exit).toEqual(told[0]?.[1])
    }
    await fc.assert(fc.asyncProperty(free, fc.nat({ max: 8 }), law), { numRuns: 300 })
  })

  it("bracket releases nothing where acquiring has failed or was cancelled", async () => {
    const law = async (acquire: Program, k: number) => {
      const log: string[] = []
      const acquired = (w: World) => build(acquire, w).tap(() => log.push("acquired"))
      await seen(
        (w) =>
          Task.bracket(
            (restore) => restore(acquired(w)),
            () => Task.sync(() => void log.push("used")),
            () => void log.push("released"),
          ),
        k,
      )
      // Between the end of what is restored and the release there is no gap, as there is none before the use.
      expect([[], ["acquired"], ["acquired", "used", "released"], ["acquired", "released"]]).toContainEqual(log)
      if (log.length === 1) expect(k).toBeGreaterThan(0)
    }
    await fc.assert(fc.asyncProperty(free, fc.nat({ max: 8 }), law), { numRuns: 300 })
  })
})

describe("fibers", () => {
  it("that are started and joined are the task [fiberPureIsOutcomeCompletedPure]", async () => {
    const law = (p: Program) =>
      checkEqualUncancelled(
        (w) =>
          build(p, w)
            .start()
            .flatMap((fiber) => fiber.join()),
        (w) => build(p, w),
      )
    await fc.assert(fc.asyncProperty(free, law), always)
  })

  // A child's failure is its parent's (law 10), so the law for failures needs a fiber that is nobody's child.
  it("that are detached and joined are an attempt [fiberErrorIsOutcomeErrored]", async () => {
    const law = (p: Program) =>
      checkEqualUncancelled(
        (w) =>
          build(p, w)
            .startDetached()
            .flatMap((fiber) => fiber.join().attempt()),
        (w) => build(p, w).attempt(),
      )
    await fc.assert(fc.asyncProperty(ending, law), always)
  })

  it("that are cancelled fail who joins them [fiberCancelationIsOutcomeCanceled, fiberCanceledIsOutcomeCanceled]", async () => {
    for (const task of [
      Task.never.start().tap((fiber) => fiber.cancel("why")),
      Task.self()
        .flatMap((self) => self.cancel("why"))
        .start(),
      Task.never.start().tap((fiber) => Task.uncancelable(() => fiber.cancel("why"))),
    ]) {
      const settled = await task.flatMap((fiber) => fiber.join()).attempt()
      if (settled.status !== "rejected") throw new Error("Expected a rejection")
      expect(settled.reason).toBeInstanceOf(CancelledError)
      expect((settled.reason as CancelledError).cause).toBe("why")
    }
  })

  it("that never end are never joined, and not waited for by who starts them", async () => {
    await checkEqual(
      () => Task.never.start().flatMap((fiber) => fiber.join()),
      () => Task.never,
    )
    await checkEqual(
      () => Task.never.start().as(1),
      () => Task.pure(1),
    )
  })

  it("are not reached behind never [neverDominatesOverFlatMap]", async () => {
    const law = (p: Program) =>
      checkEqual(
        (w) => Task.never.andThen(build(p, w)),
        () => Task.never,
      )
    await fc.assert(fc.asyncProperty(free, law), always)
  })

  it("that a mask starts can be cancelled [uncancelableStartIsCancelable]", async () => {
    const exit = await masked(
      Task.never
        .start()
        .tap((fiber) => fiber.cancel())
        .map((fiber) => fiber.poll()?.status),
    )
    expect(exit).toBe("cancelled")
  })
})

/** Yields `lag` times, then ends. */
const lagging = (lag: number, end: AnyTask): AnyTask =>
  lag === 0 ? end : Task.yield().andThen(Task.defer(() => lagging(lag - 1, end)))

interface Runner {
  readonly lag: number
  readonly fails: boolean
}
const runner = fc.record({ lag: fc.nat({ max: 6 }), fails: fc.boolean() })
const task = ({ lag, fails }: Runner, i: number): AnyTask => lagging(lag, fails ? Task.fail(`${i}`) : Task.pure(i))

describe("race", () => {
  it("against never is the task [raceNeverNoncanceledIdentity]", async () => {
    const law = async (p: Program) => {
      for (const around of [
        (t: AnyTask) => Task.race([t, Task.never]),
        (t: AnyTask) => Task.race([Task.never, t]),
        (t: AnyTask) => Task.race([t]),
      ]) {
        await checkEqualUncancelled(
          (w) => around(build(p, w)),
          (w) => build(p, w),
        )
      }
    }
    await fc.assert(fc.asyncProperty(free, law), always)
  })

  it("derives from fibers and the first of them to settle [raceDerivesFromRacePair]", async () => {
    /** Starts both, takes the first outcome, cancels and awaits the other. */
    const derived = (left: AnyTask, right: AnyTask): AnyTask => {
      const first = Task.withResolvers<Exit<unknown>>()
      const racer = (task: AnyTask) => task.attempt().tap((settled) => void first.resolve(settled))
      return Task.uncancelable((restore) =>
        Task.all([racer(left).startDetached(), racer(right).startDetached()]).flatMap((fibers) => {
          const stop = Task.forEach(fibers, (fiber) => fiber.cancel())
          return restore(first.task)
            .finally(stop)
            .flatMap((exit) => (exit.status === "fulfilled" ? Task.pure(exit.value) : Task.fail(exit.reason)))
        }),
      )
    }
    const law = async (left: Runner, right: Runner) => {
      fc.pre(Math.abs(left.lag - right.lag) > 1)
      await checkEqualUncancelled(
        () => Task.race([task(left, 0), task(right, 1)]),
        () => derived(task(left, 0), task(right, 1)),
      )
    }
    await fc.assert(fc.asyncProperty(runner, runner, law), always)
  })

  it("is the first of many to settle, value or failure, and the others do not go on", async () => {
    const law = async (runners: Runner[]) => {
      const lags = runners.map(({ lag }) => lag)
      const went: number[] = []
      const exit = await Task.race(runners.map((runner, i) => task(runner, i).finally(() => void went.push(i))))
        .attempt()
        .toPromise()
      const first = lags.indexOf(Math.min(...lags))
      expect(went[0]).toBe(first)
      expect(exit.status).toBe(runners[first]?.fails ? "rejected" : "fulfilled")
      expect(new Set(went).size).toBe(went.length)
    }
    await fc.assert(fc.asyncProperty(fc.array(runner, { minLength: 1, maxLength: 8 }), law), always)
  })

  it("goes to the first that settles, though a loser has failed and waits for its children", async () => {
    for (const kind of ["race", "any", "timeoutTo"]) {
      const gate = Task.withResolvers<void>()
      const loser = Task.never.finally(gate.task).start().andThen(Task.yield()).andThen(Task.fail("loser"))
      const winner = Task.sleep(1).as("winner")
      const race: AnyTask =
        kind === "race"
          ? Task.race([loser, winner])
          : kind === "any"
            ? Task.any([loser, winner])
            : loser.timeoutTo(1, Task.pure("winner"))
      const fiber = race.run()
      await Task.sleep(5)
      expect(fiber.poll()).toBeUndefined()
      gate.resolve()
      await Promise.allSettled([fiber])
      expect(fiber.poll(), kind).toEqual({ status: "fulfilled", value: "winner" })
    }
  })

  // In Cats Effect a race with a member that cancels itself goes on, here it settles with the CancelledError (D26).
  it("does not inherit the mask [uncancelableRaceNotInherited]", async () => {
    const { exit } = await seen(() => masked(Task.race([Task.never, selfCancel])), 0)
    if (exit.status !== "rejected") throw new Error(`Expected a rejection, got ${exit.status}`)
    expect(exit.reason).toBeInstanceOf(CancelledError)
  })

  it("waits for the end of a loser that is uncancelable, and drops its value", async () => {
    const law = async (p: Program, q: Program) => {
      const whole = await seen((w) => build(p, w).attempt(), 0)
      const raced = await seen((w) => Task.race([masked(build(p, w)).attempt(), build(q, new World())]), 0)
      // One that settles at its start keeps the later ones from starting, and here it is the first.
      expect(raced.log).toEqual(whole.log)
    }
    await fc.assert(fc.asyncProperty(ending, ending, law), always)
  })

  it("of none, all of none, and any of none", async () => {
    await checkEqual(
      () => Task.race([]),
      () => Task.never,
    )
    await checkEqual(
      () => Task.all([]),
      () => Task.pure([]),
    )
    await checkEqual(
      () => Task.allSettled([]),
      () => Task.pure([]),
    )
    const { exit } = await seen(() => Task.any([]), 0)
    if (exit.status !== "rejected") throw new Error(`Expected a rejection, got ${exit.status}`)
    expect(exit.reason).toBeInstanceOf(AggregateError)
    expect((exit.reason as AggregateError).errors).toEqual([])
  })
})

const concurrency = fc.constantFrom(1, 2, 3, 5, Infinity)
const runners = fc.array(runner, { maxLength: 10 })

describe("all", () => {
  it("of pure values is the pure list", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.anything({ maxDepth: 1 })), concurrency, async (values, concurrency) => {
        await checkEqual(
          () =>
            Task.all(
              values.map((value) => Task.pure(value)),
              { concurrency },
            ),
          () => Task.pure(values),
        )
      }),
      { numRuns: 30 },
    )
  })

  it("keeps the order whatever the delays, in each of its shapes", async () => {
    const law = async (lags: number[], concurrency: number) => {
      const tasks = lags.map((lag, i) => lagging(lag, Task.pure(i)))
      const expected = lags.map((_, i) => i)
      expect(await Task.all(tasks, { concurrency })).toEqual(expected)
      expect(await Task.all(new Set(tasks), { concurrency })).toEqual(expected)
      expect(await Task.all(tasks.values(), { concurrency })).toEqual(expected)
      const record = Object.fromEntries(tasks.map((task, i) => [`k${i}`, task]))
      expect(await Task.all(record, { concurrency })).toEqual(Object.fromEntries(expected.map((i) => [`k${i}`, i])))
      expect(Object.keys(await Task.all(record, { concurrency }))).toEqual(Object.keys(record))
    }
    await fc.assert(fc.asyncProperty(fc.array(fc.nat({ max: 6 }), { maxLength: 10 }), concurrency, law), always)
  })

  it("one at a time is one after the other", async () => {
    const law = (programs: Program[]) =>
      checkEqualUncancelled(
        (w) =>
          Task.all(
            programs.map((p) => build(p, w)),
            { concurrency: 1 },
          ),
        (w) =>
          programs.reduce<Task<unknown[], unknown>>(
            (list, p) => list.flatMap((values) => build(p, w).map((value) => [...values, value])),
            Task.pure([]),
          ),
      )
    await fc.assert(fc.asyncProperty(fc.array(ending, { maxLength: 4 }), law), always)
  })

  it("of one is that one in a list, allSettled of one its attempt, zip all of two", async () => {
    const law = async (p: Program, q: Program) => {
      await checkEqualUncancelled(
        (w) => Task.all([build(p, w)]),
        (w) => build(p, w).map((value) => [value]),
      )
      await checkEqualUncancelled(
        (w) => Task.allSettled([build(p, w)]),
        (w) =>
          build(p, w)
            .attempt()
            .map((settled) => [settled]),
      )
      // The host's turns come between two fibers as they like.
      if (JSON.stringify([p, q]).includes("soon")) return
      await checkEqual(
        (w) => build(p, w).zip(build(q, w)),
        (w) => Task.all([build(p, w), build(q, w)]),
      )
    }
    await fc.assert(fc.asyncProperty(ending, ending, law), always)
  })

  it("fails as the first in time that fails, and any succeeds as the first: each is the other upside down", async () => {
    const flip = (task: AnyTask): AnyTask =>
      task.attempt().flatMap((s) => (s.status === "fulfilled" ? Task.fail(s.value) : Task.pure(s.reason)))
    const law = async (given: Runner[]) => {
      // Distinct lags, so that there is a first one.
      const tasks = given.map(({ fails }, i) => task({ lag: ((i * 7) % 10) * 2, fails }, i))
      const any = await Task.any(tasks).attempt()
      const upside = await flip(Task.all(tasks.map(flip))).attempt()
      if (any.status === "rejected") {
        expect(any.reason).toBeInstanceOf(AggregateError)
        expect({ status: "rejected", reason: (any.reason as AggregateError).errors }).toEqual(upside)
      } else expect(any).toEqual(upside)
    }
    await fc.assert(fc.asyncProperty(fc.array(runner, { minLength: 1, maxLength: 9 }), law), always)
  })

  it("runs exactly as many at once as it may, and no more, until one fails", async () => {
    const law = async (given: Runner[], concurrency: number, form: "all" | "allSettled" | "forEach") => {
      let [running, most, started] = [0, 0, 0]
      const counted = given.map((runner, i) =>
        Task.sync(() => {
          started++
          most = Math.max(most, ++running)
        })
          // At least one wait each, so that all that may run do run side by side.
          .andThen(lagging(runner.lag + 1, Task.unit))
          .andThen(task({ ...runner, lag: 0 }, i))
          .finally(() => void running--),
      )
      const group: AnyTask =
        form === "forEach"
          ? Task.forEach(counted, (task) => task, { concurrency })
          : form === "all"
            ? Task.all(counted, { concurrency })
            : Task.allSettled(counted, { concurrency })
      const settled = await group.attempt()
      expect(most).toBe(Math.min(concurrency, given.length))
      expect(running).toBe(0)
      const fails = form !== "allSettled" && given.some((runner) => runner.fails)
      expect(settled.status).toBe(fails ? "rejected" : "fulfilled")
      if (!fails) expect(started).toBe(given.length)
    }
    await fc.assert(fc.asyncProperty(runners, concurrency, fc.constantFrom("all", "allSettled", "forEach"), law), {
      numRuns: 200,
    })
  })

  it("of a million, and forEach of a million, some of which wait", async () => {
    const values = Array.from({ length: 1_000_000 }, (_, i) => i)
    const one = (i: number) => (i % 100 === 0 ? Task.yield().as(i) : Task.pure(i))
    for (const concurrency of [10, Infinity]) {
      const all = await Task.all(values.map(one), { concurrency })
      expect(all.length).toBe(values.length)
      expect(all.every((value, i) => value === i)).toBe(true)
      let sum = 0
      await Task.forEach(values, (i) => one(i).tap(() => void (sum += i)), { concurrency })
      expect(sum).toBe(499_999_500_000)
    }
  })

  it("pulls an iterable as it can start, and closes it once unless it came to its end", async () => {
    const law = async (given: Runner[], concurrency: number, cancelAt: number, form: "all" | "forEach" | "race") => {
      let [pulled, finished, closed, ended] = [0, 0, 0, 0]
      const items: Iterable<AnyTask> = {
        [Symbol.iterator]: () => ({
          next: () => {
            const runner = given[pulled]
            if (runner === undefined) {
              ended++
              return { done: true, value: undefined }
            }
            if (form !== "race") expect(pulled - finished).toBeLessThan(concurrency)
            const i = pulled++
            return { done: false, value: lagging(1, task(runner, i)).finally(() => void finished++) }
          },
          return: () => {
            closed++
            return { done: true, value: undefined }
          },
        }),
      }
      const group: AnyTask =
        form === "race"
          ? Task.race(items)
          : form === "all"
            ? Task.all(items, { concurrency })
            : Task.forEach(items, (task) => task, { concurrency })
      const fiber = group.attempt().run()
      for (let i = 0; i < cancelAt; i++) await Promise.resolve()
      await fiber.cancel()
      expect(finished).toBe(pulled)
      // Closed exactly if it did not come to its end by itself.
      expect(closed).toBe(ended === 0 && (pulled > 0 || closed > 0) ? 1 : 0)
      expect(ended).toBeLessThanOrEqual(1)
    }
    const forms = fc.constantFrom("all" as const, "forEach" as const, "race" as const)
    await fc.assert(fc.asyncProperty(runners, concurrency, fc.nat({ max: 30 }), forms, law), { numRuns: 300 })
  })
})

/** Runs a task under fake timers to its end, and how long it took by that clock. */
async function timed(task: AnyTask): Promise<{ exit: Exit<unknown>; ms: number }> {
  vi.useFakeTimers()
  const from = Date.now()
  let ended: number | undefined
  const fiber: Fiber<unknown, unknown> = task.run()
  fiber.onExit(() => void (ended = Date.now()))
  for (let idle = 0; fiber.poll() === undefined && idle < 50; idle++) {
    if (vi.getTimerCount() > 0) await vi.advanceTimersToNextTimerAsync()
    else await vi.advanceTimersByTimeAsync(0)
  }
  const exit = fiber.poll()
  vi.useRealTimers()
  if (exit === undefined || ended === undefined) throw new Error("The task does not end")
  return { exit, ms: ended - from }
}

const ms = fc.oneof(fc.nat({ max: 50 }), fc.integer({ min: 1, max: 100_000_000 }), fc.constant(2 ** 31 + 5))
const settledIn = (ms: number, value: unknown = "value") => Task.sleep(ms).as(value)

describe("time", () => {
  it("advances by what is slept [monotonicSleepSumIdentity]", async () => {
    const law = async (durations: number[]) => {
      const sum = durations.reduce((a, b) => a + b, 0)
      const asked = Task.forEach(durations, (ms) => Task.sleep(ms)).andThen(Task.now())
      const { exit, ms: took } = await timed(Task.now().flatMap((from) => asked.map((to) => to - from)))
      expect([exit, took]).toEqual([{ status: "fulfilled", value: sum }, sum])
    }
    await fc.assert(fc.asyncProperty(fc.array(ms, { maxLength: 4 }), law), always)
  })

  it("of a race is the least, of all the most, of started and slept the most [sleepRaceMinimum, startSleepMaximum]", async () => {
    const law = async (a: number, b: number) => {
      expect((await timed(Task.race([Task.sleep(a), Task.sleep(b)]))).ms).toBe(Math.min(a, b))
      expect((await timed(Task.all([Task.sleep(a), Task.sleep(b)]))).ms).toBe(Math.max(a, b))
      const started = Task.sleep(a)
        .start()
        .flatMap((fiber) => Task.sleep(b).andThen(fiber.join()))
      expect((await timed(started)).ms).toBe(Math.max(a, b))
    }
    await fc.assert(fc.asyncProperty(ms, ms, law), always)
  })

  it("of delays adds up, and delay of nothing is the task", async () => {
    const law = async (a: number, b: number, c: number) => {
      const { exit, ms: took } = await timed(settledIn(a).delay(b).delay(c))
      expect([exit, took]).toEqual([{ status: "fulfilled", value: "value" }, a + b + c])
    }
    await fc.assert(fc.asyncProperty(ms, ms, ms, law), always)
  })

  it("of one at a time is the sum, of all side by side the most", async () => {
    const law = async (durations: number[], concurrency: number) => {
      const free = Array.from({ length: Math.min(concurrency, durations.length) }, () => 0)
      // Each begins when the first place is free.
      for (const ms of durations) free[free.indexOf(Math.min(...free))] += ms
      const { ms: took } = await timed(
        Task.all(
          durations.map((ms) => Task.sleep(ms)),
          { concurrency },
        ),
      )
      expect(took).toBe(Math.max(0, ...free))
    }
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 1000 }), { maxLength: 8 }), concurrency, law), {
      numRuns: 40,
    })
  })

  it("wakes sleepers in the order of their deadlines, equal ones in the order of their coming", async () => {
    const law = async (durations: number[]) => {
      const woken: number[] = []
      await timed(Task.all(durations.map((ms, i) => Task.sleep(ms).tap(() => woken.push(i)))))
      const expected = durations
        .map((ms, i) => ({ ms, i }))
        .toSorted((a, b) => a.ms - b.ms || a.i - b.i)
        .map(({ i }) => i)
      expect(woken).toEqual(expected)
    }
    await fc.assert(fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 12 }), law), always)
  })
})

describe("timeout", () => {
  it("is the task if that takes less, a TimeoutError of its own length if it takes more", async () => {
    const law = async (takes: number, limit: number) => {
      const { exit, ms: took } = await timed(settledIn(takes).timeout(limit))
      expect(took).toBe(Math.min(takes, limit))
      if (takes < limit) expect(exit).toEqual({ status: "fulfilled", value: "value" })
      if (takes > limit) expect(exit.status === "rejected" && exit.reason).toMatchObject({ duration: limit })
      if (takes > limit) expect(exit.status === "rejected" && exit.reason).toBeInstanceOf(TimeoutError)
    }
    await fc.assert(fc.asyncProperty(ms, ms, law), always)
  })

  it("keeps a failure that is earlier, and drops one that is later", async () => {
    const law = async (takes: number, limit: number) => {
      fc.pre(takes !== limit)
      const { exit } = await timed(Task.sleep(takes).andThen(Task.fail("own")).timeout(limit))
      if (exit.status !== "rejected") throw new Error("Expected a rejection")
      if (takes < limit) expect(exit.reason).toBe("own")
      else expect(exit.reason).toBeInstanceOf(TimeoutError)
    }
    await fc.assert(fc.asyncProperty(ms, ms, law), always)
  })

  it("of a timeout is the shorter of both", async () => {
    const law = async (takes: number, a: number, b: number) => {
      fc.pre(new Set([takes, a, b]).size === 3)
      const { exit, ms: took } = await timed(settledIn(takes).timeout(a).timeout(b))
      const once = await timed(settledIn(takes).timeout(Math.min(a, b)))
      expect([took, exit.status]).toEqual([once.ms, once.exit.status])
      if (exit.status === "rejected") expect(exit.reason).toMatchObject({ duration: Math.min(a, b) })
    }
    await fc.assert(fc.asyncProperty(ms, ms, ms, law), always)
  })

  it("without end is no timeout, and a timeout adds nothing to a task that ends at once", async () => {
    const law = async (p: Program) => {
      await checkEqual(
        (w) => build(p, w).timeout(Infinity),
        (w) => build(p, w),
      )
      await checkEqualUncancelled(
        (w) => build(p, w).timeout({ days: 1 }),
        (w) => build(p, w),
      )
    }
    await fc.assert(fc.asyncProperty(free, law), always)
  })

  it("waits for the cleanups of the task, however long they take", async () => {
    const law = async (limit: number, cleanup: number) => {
      const { exit, ms: took } = await timed(Task.never.finally(Task.sleep(cleanup)).timeout(limit))
      expect([exit.status, took]).toEqual(["rejected", limit + cleanup])
    }
    await fc.assert(fc.asyncProperty(ms, ms, law), always)
  })

  it("is timeoutTo a failure, and timeoutTo runs its fallback after the cleanups", async () => {
    const law = async (takes: number, limit: number, cleanup: number, after: number) => {
      fc.pre(takes !== limit && takes + cleanup !== limit)
      const log: string[] = []
      const bounded = settledIn(takes)
        .finally(Task.sleep(cleanup).tap(() => log.push("cleaned")))
        .timeoutTo(
          limit,
          settledIn(after, "fallback").finally(() => void log.push("fallback")),
        )
      const { exit, ms: took } = await timed(bounded)
      // The cleanups are of the task: the time is up in the midst of them as well, and they complete.
      const late = takes + cleanup > limit
      expect(took).toBe(late ? Math.min(takes, limit) + cleanup + after : takes + cleanup)
      expect(exit).toEqual({ status: "fulfilled", value: late ? "fallback" : "value" })
      expect(log).toEqual(late ? ["cleaned", "fallback"] : ["cleaned"])
    }
    const short = fc.integer({ min: 1, max: 40 })
    await fc.assert(fc.asyncProperty(short, short, fc.nat({ max: 40 }), short, law), always)
  })
})

describe("memoize", () => {
  it("has one run at a time, and gives its value to all who are there, whoever comes and goes", async () => {
    const caller = fc.record({ comes: fc.nat({ max: 12 }), leaves: fc.option(fc.nat({ max: 12 })) })
    const law = async (
      callers: { readonly comes: number; readonly leaves: number | null }[],
      run: Runner,
      cleanup: number,
      budget: number,
    ) => {
      const reported: unknown[] = []
      const runtime = Runtime.make({ budget, onUnhandled: (reason) => void reported.push(reason) })
      let [runs, running, most] = [0, 0, 0]
      const memo = Task.defer(() => {
        const run1 = ++runs
        most = Math.max(most, ++running)
        return lagging(run.lag + 1, run.fails ? Task.fail(run1) : Task.pure(run1)).finally(
          lagging(cleanup, Task.unit).tap(() => void running--),
        )
      }).memoize()
      const fibers = callers.map(({ comes }) => lagging(comes, memo).run({ runtime }))
      const ends = fibers.map((fiber) => new Promise<Exit<unknown>>((resolve) => fiber.onExit(resolve)))
      for (const [i, { comes, leaves }] of callers.entries()) {
        if (leaves === null) continue
        const leave = Task.sync(() => fibers[i]?.abort("left"))
        lagging(comes + leaves, leave).runAndForget({ runtime })
      }
      const exits = await Promise.all(ends)
      expect(most).toBeLessThanOrEqual(1)
      expect(running).toBe(0)
      // A run that came to its end is the last one.
      for (const [i, exit] of exits.entries()) {
        if (callers[i]?.leaves === null) expect(exit.status).toBe(run.fails ? "rejected" : "fulfilled")
        if (exit.status === "fulfilled") expect(exit.value).toBe(runs)
        if (exit.status === "rejected") expect(exit.reason).toBe(runs)
        if (exit.status === "cancelled") expect(exit.reason).toBe("left")
      }
      expect(reported).toEqual([])
    }
    await fc.assert(
      fc.asyncProperty(
        fc.array(caller, { minLength: 1, maxLength: 6 }),
        runner,
        fc.nat({ max: 3 }),
        fc.constantFrom(1, 3, 1024),
        law,
      ),
      { numRuns: 500 },
    )
  })

  it("is the task for a single caller", async () => {
    const law = (p: Program) =>
      checkEqualUncancelled(
        (w) => build(p, w).memoize(),
        (w) => build(p, w),
      )
    await fc.assert(fc.asyncProperty(ending, law), always)
  })
})

describe("withResolvers", () => {
  it("wakes in the order of coming those who were not cancelled, all with the first outcome", async () => {
    const law = async (waiters: boolean[], outcomes: ("resolve" | "reject")[]) => {
      const cell = Task.withResolvers<number, number>()
      const woken: number[] = []
      const fibers = waiters.map((_, i) =>
        cell.task
          .attempt()
          .tap(() => woken.push(i))
          .run(),
      )
      for (const [i, stays] of waiters.entries()) if (!stays) fibers[i]?.abort()
      const won = outcomes.map((outcome, i) => cell[outcome](i))
      await Promise.allSettled(fibers)
      expect(won).toEqual(outcomes.map((_, i) => i === 0))
      expect(woken).toEqual(waiters.flatMap((stays, i) => (stays ? [i] : [])))
      const [first] = outcomes
      const exit = first === "resolve" ? { status: "fulfilled", value: 0 } : { status: "rejected", reason: 0 }
      expect(cell.poll()).toEqual(exit)
      expect(await cell.task.attempt()).toEqual(exit)
    }
    const ends = fc.array(fc.constantFrom("resolve" as const, "reject" as const), { minLength: 1, maxLength: 4 })
    await fc.assert(fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 12 }), ends, law), always)
  })

  it("frees a hundred thousand waiters that are cancelled, in any order, and serves the one that stays", async () => {
    const cell = Task.withResolvers<string>()
    const fibers = Array.from({ length: 100_000 }, () => cell.task.run())
    const stays = cell.task.run()
    for (const fiber of [...fibers.slice(50_000).toReversed(), ...fibers.slice(0, 50_000)]) fiber.abort()
    await Promise.all(fibers.slice(0, 3).map((fiber) => fiber.cancel()))
    for (let i = 0; i < 20 && fibers.some((fiber) => fiber.poll() === undefined); i++) await immediate()
    expect(fibers.every((fiber) => fiber.poll()?.status === "cancelled")).toBe(true)
    expect(cell.resolve("value")).toBe(true)
    expect(await stays).toBe("value")
  })
})

describe("a local", () => {
  it("is for a cleanup outside what it was outside, at whatever step the inside is cancelled", async () => {
    const local = Local.make("nothing")
    const seen: string[] = []
    const look = local.get().tap((value) => void seen.push(value))
    const inside = local.run("inside", Task.yield().andThen(Task.yield()))
    const task = local.run("outside", Task.yield().andThen(inside).finally(look))
    // A budget ends between any two operations.
    for (let budget = 1; budget < 12; budget++) {
      for (let after = 0; after < 12; after++) {
        const runtime = Runtime.make({ budget })
        const fiber = task.run({ runtime })
        await lagging(
          after,
          Task.sync(() => fiber.abort()),
        ).toPromise({ runtime })
        await fiber.cancel()
      }
    }
    expect(new Set(seen)).toEqual(new Set(["outside"]))
  })
})
