import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { CancelledError, type Exit, type Fiber, Runtime, type SuppressedError, Task } from "rapid-fiber"

/**
 * Random programs that write down what they do, cancelled after every single thing that they do.
 *
 * Every step gets a number when the program is built. Steps of a body write `body`, steps of a cleanup `clean`: after the
 * request to cancel no fiber of the program may write another `body`, while every cleanup must be written to its end.
 */
type Program =
  | { readonly kind: "sync" | "yield" | "sleep" | "wait" | "asyncNow" | "asyncSoon" | "asyncNever" }
  | { readonly kind: "promise" | "promiseNever" | "pure" }
  | { readonly kind: "then" | "gen"; readonly steps: readonly Program[] }
  | { readonly kind: "finally" | "genTry"; readonly body: Program; readonly cleanup: Program }
  | { readonly kind: "catch" | "attempt" | "defer" | "start" | "join" | "tap"; readonly body: Program }

type Event =
  | { readonly type: "body" | "clean" | "gen"; readonly fiber: number; readonly step: number }
  | { readonly type: "enter" | "leave" | "left"; readonly fiber: number; readonly step: number }
  | { readonly type: "born" | "dead"; readonly fiber: number; readonly step: number }
  | {
      readonly type: "registered" | "resumed" | "undone" | "aborted" | "handled"
      readonly fiber: number
      readonly step: number
    }
  | { readonly type: "requested"; readonly fiber: number; readonly step: number }

const quick = fc.record({ kind: fc.constantFrom("pure", "sync", "yield", "asyncNow", "asyncSoon", "promise") })
const leaf = fc.record({
  kind: fc.constantFrom(
    ...(["pure", "sync", "yield", "sleep", "wait", "asyncNow", "asyncSoon"] as const),
    ...(["asyncNever", "promise", "promiseNever"] as const),
  ),
})
/** What a cleanup does must end, since nothing can cancel it. */
const { ending } = fc.letrec<{ ending: Program }>((tie) => ({
  ending: fc.oneof(
    { depthSize: "xsmall" },
    quick as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom("then", "gen"),
      steps: fc.array(tie("ending"), { maxLength: 3 }),
    }) as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom("finally", "genTry"),
      body: tie("ending"),
      cleanup: tie("ending"),
    }) as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom("catch", "attempt", "defer", "join", "tap"),
      body: tie("ending"),
    }) as fc.Arbitrary<Program>,
  ),
}))
const { program } = fc.letrec<{ program: Program }>((tie) => ({
  program: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom("then", "gen"),
      steps: fc.array(tie("program"), { maxLength: 4 }),
    }) as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom("finally", "genTry"),
      body: tie("program"),
      cleanup: ending,
    }) as fc.Arbitrary<Program>,
    fc.record({
      kind: fc.constantFrom("catch", "attempt", "defer", "start", "join", "tap"),
      body: tie("program"),
    }) as fc.Arbitrary<Program>,
  ),
}))

class Recorder {
  readonly events: Event[] = []
  /** Called after each event with their count. */
  onEvent: (count: number) => void = () => {}
  private steps = 0

  step(): number {
    return this.steps++
  }

  write(type: Event["type"], fiber: number, step: number): void {
    this.events.push({ type, fiber, step })
    if (type !== "requested") this.onEvent(this.events.length)
  }
}

interface Place {
  readonly to: Recorder
  readonly fiber: number
  /** "clean" inside a cleanup. */
  readonly as: "body" | "clean"
}

/** The task of a program; the numbers of its steps and fibers are fixed here, so a task is to be run once. */
function build(p: Program, at: Place): Task<unknown> {
  const { to, fiber, as } = at
  const step = to.step()
  const note = Task.sync(() => to.write(as, fiber, step))
  switch (p.kind) {
    case "pure":
      return Task.pure(step)
    case "sync":
      return note
    case "yield":
      return Task.yield().andThen(note)
    case "sleep":
      return Task.sleep(0).andThen(note)
    case "wait":
      return Task.sleep({ days: 60 }).andThen(note)
    case "asyncNow":
    case "asyncSoon":
    case "asyncNever":
      return registration(p.kind, at, step).andThen(note)
    case "promise":
    case "promiseNever":
      return promised(p.kind, at, step).andThen(note)
    case "then":
      return p.steps.reduce<Task<unknown>>((task, next) => task.andThen(build(next, at)), note)
    case "gen": {
      const steps = p.steps.map((next) => build(next, at))
      return Task.gen(function* () {
        to.write(as === "body" ? "gen" : as, fiber, step)
        for (const next of steps) {
          yield* next
          to.write(as === "body" ? "gen" : as, fiber, step)
        }
      })
    }
    case "finally": {
      const enter = Task.sync(() => to.write("enter", fiber, step))
      const leave = Task.sync(() => to.write("leave", fiber, step))
      const left = Task.sync(() => to.write("left", fiber, step))
      const cleanup = leave.andThen(build(p.cleanup, { ...at, as: "clean" })).andThen(left)
      return enter.andThen(build(p.body, at)).finally(step % 2 === 0 ? cleanup : () => cleanup)
    }
    case "genTry": {
      const body = build(p.body, at)
      const cleanup = build(p.cleanup, { ...at, as: "clean" })
      return Task.gen(function* () {
        try {
          to.write("enter", fiber, step)
          yield* body
          to.write(as === "body" ? "gen" : as, fiber, step)
        } finally {
          // A cleanup that was reached without a cancellation is code like any other to a generator: it may be cancelled.
          try {
            to.write("leave", fiber, step)
            yield* cleanup
          } finally {
            to.write("left", fiber, step)
          }
        }
      })
    }
    case "catch":
      return build(p.body, at)
        .catch(() => Task.sync(() => to.write("handled", fiber, step)))
        .andThen(note)
    case "attempt":
      return build(p.body, at)
        .attempt()
        .tap((settled) => {
          if (settled.status === "rejected") to.write("handled", fiber, step)
        })
        .andThen(note)
    case "defer":
      return Task.defer(() => build(p.body, at)).andThen(note)
    case "tap":
      return note.tap(() => build(p.body, at)).andThen(note)
    case "start":
      return child(p.body, at, step).andThen(note)
    case "join":
      return child(p.body, at, step)
        .flatMap((started) => started.join())
        .andThen(note)
  }
}

function registration(
  kind: "asyncNow" | "asyncSoon" | "asyncNever",
  { to, fiber }: Place,
  step: number,
): Task<unknown> {
  return Task.async((resume) => {
    to.write("registered", fiber, step)
    let pending = kind !== "asyncNever"
    const wake = () => {
      if (!pending) return
      pending = false
      resume(Task.pure(step))
      to.write("resumed", fiber, step)
    }
    const undo = () => {
      pending = false
      to.write("undone", fiber, step)
    }
    if (kind === "asyncNow") wake()
    if (kind === "asyncSoon") queueMicrotask(() => queueMicrotask(wake))
    return step % 2 === 0 ? undo : Task.sync(undo)
  })
}

function promised(kind: "promise" | "promiseNever", { to, fiber }: Place, step: number): Task<unknown> {
  return Task.promise((signal) => {
    to.write("registered", fiber, step)
    signal.addEventListener("abort", () => to.write("aborted", fiber, step))
    if (kind === "promiseNever") return new Promise(() => {})
    to.write("resumed", fiber, step)
    return Promise.resolve(step)
  })
}

function child(body: Program, at: Place, step: number): Task<Fiber<unknown>> {
  const { to } = at
  // A child's number is its step, so that its events tell whose they are.
  const inner = build(body, { ...at, fiber: step })
  return inner.start().tap((started) => {
    to.write("born", at.fiber, step)
    started.onExit(() => to.write("dead", at.fiber, step))
  })
}

const ROOT = -1

function expectOrder(events: readonly Event[], exit: Exit<unknown>): void {
  const requested = events.findIndex((event) => event.type === "requested")
  const after = requested === -1 ? [] : events.slice(requested + 1)
  const count = (type: Event["type"], step: number) => events.filter((e) => e.type === type && e.step === step).length
  const open = new Map<number, number[]>()
  for (const event of events) {
    const regions = open.get(event.fiber) ?? []
    open.set(event.fiber, regions)
    if (event.type === "enter") regions.push(event.step)
    // A region that was entered, but cancelled before its first step, still cleans up: it is not on the stack.
    if (event.type === "leave" && count("enter", event.step) > 0) expect(regions.pop()).toBe(event.step)
    if (event.type === "leave") expect(count("leave", event.step)).toBe(1)
    if (event.type === "leave") expect(count("left", event.step)).toBe(1)
    if (event.type === "undone") expect(count("undone", event.step)).toBe(1)
    // What resumes before the request is not undone; what fires between the request and its effect is. A child is also
    // requested to stop when its parent ends, which leaves no event.
    if (event.type === "resumed" && event.fiber === ROOT && !after.includes(event))
      expect(count("undone", event.step)).toBe(0)
    if (event.type === "born") expect(count("dead", event.step)).toBe(1)
    expect(event.type).not.toBe("handled")
  }
  expect([...open.values()].flat()).toEqual([])
  expect(after.filter((event) => event.type === "body" && event.fiber === ROOT)).toEqual([])
  // A generator may go on to its next `yield*` from an operation in the midst of which the request came.
  expect(after.slice(1).filter((event) => event.type === "gen" && event.fiber === ROOT)).toEqual([])
  expect(
    after.filter((event) => event.type === "enter" && event.fiber === ROOT && !insideCleanup(events, event)),
  ).toEqual([])
  for (const event of events) {
    if (event.type !== "registered") continue
    const over = count("resumed", event.step) + count("undone", event.step) + count("aborted", event.step)
    const passed = events.some((e) => e.step === event.step && (e.type === "body" || e.type === "clean"))
    if (exit.status === "cancelled" && !passed) expect(over).toBeGreaterThanOrEqual(1)
    if (passed) expect(count("undone", event.step) + count("aborted", event.step)).toBe(0)
  }
}

/** Whether a region is one of a cleanup's own: it lies between a `leave` and its `left`. */
function insideCleanup(events: readonly Event[], entered: Event): boolean {
  const at = events.indexOf(entered)
  const leaves = events.slice(0, at).filter((e) => e.type === "leave" && e.fiber === entered.fiber)
  const lefts = events.slice(0, at).filter((e) => e.type === "left" && e.fiber === entered.fiber)
  return leaves.length > lefts.length
}

interface Cancelling {
  readonly events: readonly Event[]
  readonly exit: Exit<unknown>
  /** The outcome when the request came, if there was one. */
  readonly before: Exit<unknown> | undefined
  /** False when the program was over before the moment came. */
  readonly reached: boolean
}

const stuck = (what: string) =>
  new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`${what} did not come to its end`)), 3000).unref()
  })

const turn = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve)
  })

/** Runs the program, requests its cancellation as `when` says, and waits for its end. */
async function cancelling(
  p: Program,
  when: (fiber: () => Fiber<unknown> | undefined, to: Recorder, request: () => void) => Promise<boolean>,
): Promise<Cancelling> {
  const to = new Recorder()
  const task = build(p, { to, fiber: ROOT, as: "body" })
  let fiber: Fiber<unknown> | undefined
  let before: Exit<unknown> | undefined
  let requested = false
  const request = () => {
    if (requested || fiber === undefined) return
    requested = true
    before = fiber.poll()
    to.write("requested", ROOT, -1)
    fiber.abort("stop")
  }
  const reaching = when(() => fiber, to, request)
  // Started from inside a fiber, so that the handle is there before the first step.
  await Task.sync(() => {
    fiber = task.run()
  })
  const reached = await Promise.race([reaching, stuck("The driver")])
  if (fiber === undefined) throw new Error("not started")
  if (!requested) request()
  await Promise.race([fiber.cancel("too late"), stuck("cancel()")])
  const exit = fiber.poll()
  const seen = to.events.length
  await turn()
  await Promise.resolve()
  await turn()
  // Only a callback that belongs to someone else may still come, and it is ignored.
  expect(to.events.slice(seen).filter((event) => event.type !== "resumed")).toEqual([])
  if (exit === undefined) throw new Error("cancel() resolved before the fiber had ended")
  return { events: to.events, exit, before, reached }
}

function checkCancelling({ events, exit, before }: Cancelling): void {
  if (before !== undefined) expect(exit).toEqual(before)
  // A request in the midst of the very last operation finds nothing left to stop.
  else if (exit.status !== "fulfilled") expect(exit).toEqual({ status: "cancelled", reason: "stop" })
  expectOrder(events, exit)
}

/** Cancels at the `k`th event for k = 1, 2, … until the program ends, or stands still, before it. */
async function checkEveryStep(
  p: Program,
  most: number,
  at: (k: number) => Parameters<typeof cancelling>[1],
): Promise<void> {
  for (let k = 1; k <= most; k++) {
    const seen = await cancelling(p, at(k))
    checkCancelling(seen)
    if (!seen.reached) return
  }
}

/** The request comes from inside the program, synchronously, in the middle of its `k`th event. */
const inside = (k: number) => (_: unknown, to: Recorder, request: () => void) =>
  new Promise<boolean>((resolve) => {
    to.onEvent = (count) => {
      if (count !== k) return
      request()
      resolve(true)
    }
    // Every program either ends or stands still within a few turns of the host.
    void (async () => {
      for (let i = 0; i < 4; i++) await turn()
      resolve(false)
    })()
  })

/** The request comes from another fiber, after it has yielded `k` times. */
const yielding = (k: number) => async (fiber: () => Fiber<unknown> | undefined, _: Recorder, request: () => void) => {
  await Task.gen(function* () {
    while (fiber() === undefined) yield* Task.yield()
    for (let i = 0; i < k; i++) yield* Task.yield()
    request()
  })
  return true
}

/** The request comes from a promise, after `k` microtasks. */
const microtasks = (k: number) => async (fiber: () => Fiber<unknown> | undefined, _: Recorder, request: () => void) => {
  while (fiber() === undefined) await Promise.resolve()
  for (let i = 0; i < k; i++) await Promise.resolve()
  request()
  return true
}

describe("a random program that is cancelled", () => {
  it("at each of its own steps, runs every cleanup once, in reverse, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(program, (p) => checkEveryStep(p, 60, inside)),
      { numRuns: 150 },
    )
  })

  it("by another fiber after any number of its yields, runs every cleanup once, in reverse, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(program, (p) => checkEveryStep(p, 12, yielding)),
      { numRuns: 100 },
    )
  })

  it("from outside after any number of microtasks, runs every cleanup once, in reverse, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(program, (p) => checkEveryStep(p, 12, microtasks)),
      { numRuns: 100 },
    )
  })

  it("does the same on a runtime that gives way after every third operation", async () => {
    const before = Runtime.default
    try {
      await fc.assert(
        fc.asyncProperty(program, async (p) => {
          Runtime.setDefault(Runtime.make({ budget: 3, slice: 0.01, batch: 1 }))
          await checkEveryStep(p, 20, inside)
        }),
        { numRuns: 50 },
      )
    } finally {
      Runtime.setDefault(before)
    }
  })
})

/** A fiber, and what it does when told to. */
interface Held<A> {
  readonly fiber: Fiber<A, unknown>
  readonly log: string[]
}

function held<A>(make: (note: (event: string) => Task<void>) => Task<A, unknown>): Held<A> {
  const log: string[] = []
  return { fiber: make((event) => Task.sync(() => void log.push(event))).run(), log }
}

const ended = <A>(fiber: Fiber<A, unknown>) =>
  Promise.race([
    new Promise<Exit<A>>((resolve) => {
      fiber.onExit(resolve)
    }),
    stuck("The fiber"),
  ])

describe("cancellation", () => {
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it("is an outcome of its own, which no handler sees", async () => {
    const { fiber, log } = held((note) =>
      Task.never
        .catch(() => note("catch"))
        .catch(Error, () => note("catch by class"))
        .mapError((e) => note("mapError").as(e).runSync())
        .tapError(() => note("tapError"))
        .attempt()
        .flatMap(() => note("attempt")),
    )
    fiber.abort("why")
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "why" })
    expect(log).toEqual([])
  })

  it("tells each finally the outcome, with the reason", async () => {
    const reason = new Error("reason")
    const seen: Exit<unknown>[] = []
    const fiber = Task.never
      .finally((exit) => void seen.push(exit))
      .finally((exit) => Task.sync(() => void seen.push(exit)))
      .run()
    fiber.abort(reason)
    await ended(fiber)
    expect(seen).toEqual([
      { status: "cancelled", reason },
      { status: "cancelled", reason },
    ])
  })

  it("keeps the first reason", async () => {
    const fiber = Task.never.finally(Task.yield()).run()
    fiber.abort("first")
    fiber.abort("second")
    await fiber.cancel("third")
    fiber.abort("fourth")
    expect(fiber.poll()).toEqual({ status: "cancelled", reason: "first" })
  })

  it("does nothing to a fiber that has ended", async () => {
    for (const task of [Task.pure(1), Task.fail("x").catch(() => Task.pure(2)), Task.pure(3).finally(() => {})]) {
      const fiber = task.run()
      const exit = fiber.poll()
      expect(exit?.status).toBe("fulfilled")
      fiber.abort("late")
      await fiber.cancel("later")
      expect(fiber.poll()).toEqual(exit)
    }
  })

  it("waits for finalizers that wait, and does not cut them short", async () => {
    let release = () => {}
    const { fiber, log } = held((note) =>
      Task.never.finally(
        note("clean")
          .andThen(
            Task.async<void>((resume) => {
              release = () => resume(Task.unit)
              return () => void log.push("undone")
            }),
          )
          .andThen(note("cleaned")),
      ),
    )
    let resolved = 0
    const waits = [fiber.cancel().toPromise(), fiber.cancel().toPromise()].map((wait) => wait.then(() => resolved++))
    fiber.abort()
    for (let i = 0; i < 3; i++) await turn()
    expect([log, resolved, fiber.poll()]).toEqual([["clean"], 0, undefined])
    release()
    await Promise.all(waits)
    expect([log, resolved, fiber.poll()?.status]).toEqual([["clean", "cleaned"], 2, "cancelled"])
  })

  it("is seen at the end of a cleanup, so that nothing runs after it", async () => {
    for (const after of [
      (task: Task<number>, done: () => number) => task.map(done),
      (task: Task<number>, done: () => number) => task.flatMap(() => Task.pure(done())),
      (task: Task<number>, done: () => number) => task.andThen(Task.sync(done)),
      (task: Task<number>, done: () => number) =>
        Task.gen(function* () {
          yield* task
          return done()
        }),
    ]) {
      let ran = false
      const fiber = after(Task.pure(1).finally(Task.yield().andThen(Task.yield())), () => ((ran = true), 1)).run()
      fiber.abort("stop")
      expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "stop" })
      expect(ran).toBe(false)
    }
  })

  it("does not resume a generator with the value of an operation in which it was cancelled", async () => {
    const log: string[] = []
    const inner = Task.gen(function* () {
      const self = yield* Task.self()
      yield* Task.yield()
      self.abort("stop")
      return 1
    })
    const fiber = Task.gen(function* () {
      try {
        yield* inner
        log.push("went on")
      } finally {
        log.push("finally")
      }
    }).run()
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "stop" })
    expect(log).toEqual(["finally"])
  })

  it("that comes during a last cleanup is the outcome, in a generator as in a chain", async () => {
    const chained = Task.pure(1).finally(Task.yield().andThen(Task.yield())).run()
    const generated = Task.gen(function* () {
      return yield* Task.pure(1).finally(Task.yield().andThen(Task.yield()))
    }).run()
    for (const fiber of [chained, generated]) fiber.abort("stop")
    for (const fiber of [chained, generated]) {
      expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "stop" })
    }
  })

  it("of itself stops a fiber at its next operation, and does not wait for itself", async () => {
    for (const by of ["abort", "cancel"] as const) {
      const { fiber, log } = held((note) =>
        Task.self()
          .flatMap((self) => (by === "cancel" ? self.cancel("me") : Task.sync(() => self.abort("me"))))
          .andThen(note("went on"))
          .finally(note("clean")),
      )
      expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "me" })
      expect(log).toEqual(["clean"])
    }
  })

  it("of itself from within a cleanup lets the cleanup end", async () => {
    const { fiber, log } = held((note) =>
      Task.unit
        .finally(
          Task.self()
            .flatMap((self) => self.cancel("me"))
            .andThen(note("cleaned")),
        )
        .andThen(note("went on")),
    )
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "me" })
    expect(log).toEqual(["cleaned"])
  })

  it("before the first step runs nothing at all", async () => {
    const log: string[] = []
    const fiber = await Task.sync(() => {
      const started = Task.sync(() => void log.push("ran"))
        .finally(() => void log.push("finally"))
        .run()
      started.abort("early")
      return [started] as const
    })
    expect(await ended(fiber[0])).toEqual({ status: "cancelled", reason: "early" })
    expect(log).toEqual([])
  })

  it("stops a fiber that loops without ever waiting", async () => {
    let rounds = 0
    const loop: Task<never> = Task.defer(() => (rounds++, loop))
    const fiber = loop.run()
    await turn()
    expect(rounds).toBeGreaterThan(0)
    await fiber.cancel()
    const seen = rounds
    await turn()
    expect(rounds).toBe(seen)
    expect(fiber.poll()?.status).toBe("cancelled")
  })

  it("may be awaited through a dispose", async () => {
    const { fiber, log } = held((note) => Task.never.finally(Task.yield().andThen(note("clean"))))
    await fiber[Symbol.asyncDispose]()
    expect(log).toEqual(["clean"])
    expect(fiber.poll()?.status).toBe("cancelled")
  })

  it("is what a joiner and a promise of the fiber fail with, reason and all", async () => {
    const fiber = Task.never.run()
    const promise = fiber.toPromise()
    const before = fiber.join().attempt().toPromise()
    fiber.abort("why")
    const after = fiber.join().attempt()
    const [settled] = await Promise.allSettled([promise])
    for (const exit of [settled, await before, await after]) {
      if (exit.status !== "rejected") throw new Error("Expected a rejection")
      const error = exit.reason as CancelledError
      expect(error).toBeInstanceOf(CancelledError)
      expect([error.name, error.cause]).toEqual(["AbortError", "why"])
    }
  })

  it("of a joiner leaves the fiber that it waits for alone", async () => {
    let release = () => {}
    const gate = Task.async<number>((resume) => {
      release = () => resume(Task.pure(1))
    })
    const { fiber, log } = held((note) => gate.tap(() => note("done")))
    const joiners = Array.from({ length: 10 }, () => fiber.join().run())
    for (const joiner of joiners) await joiner.cancel()
    expect(joiners.map((joiner) => joiner.poll()?.status)).toEqual(Array.from({ length: 10 }, () => "cancelled"))
    expect(fiber.poll()).toBeUndefined()
    release()
    expect(await fiber).toBe(1)
    expect(log).toEqual(["done"])
  })

  it("of a wait for cancel() does not take the request back", async () => {
    let release = () => {}
    const fiber = Task.never
      .finally(
        Task.async<void>((resume) => {
          release = () => resume(Task.unit)
        }),
      )
      .run()
    const waiter = fiber.cancel("request").run()
    await turn()
    await waiter.cancel("the waiter only")
    expect(fiber.poll()).toBeUndefined()
    release()
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "request" })
  })

  it("with a cleanup that fails is a failure that holds both", async () => {
    const late = new Error("cleanup")
    for (const cleanup of [
      Task.fail(late),
      () => Task.yield().andThen(Task.fail(late)),
      () => {
        throw late
      },
    ]) {
      const reported: unknown[] = []
      const fiber = Task.never
        .finally(cleanup)
        .run({ runtime: Runtime.make({ onUnhandled: (reason) => reported.push(reason) }) })
      fiber.abort("why")
      const exit = await ended(fiber)
      if (exit.status !== "rejected") throw new Error(`Expected a rejection, got ${exit.status}`)
      const both = exit.reason as SuppressedError
      expect(both.error).toBe(late)
      expect(both.suppressed).toBeInstanceOf(CancelledError)
      expect((both.suppressed as CancelledError).cause).toBe("why")
      expect(reported).toEqual([])
    }
  })

  it("runs the outer cleanups too when an inner one fails", async () => {
    const { fiber, log } = held((note) =>
      Task.never
        .finally(note("1"))
        .finally(Task.fail("2 fails"))
        .finally(note("3"))
        .finally(() => {
          throw new Error("4 fails")
        })
        .finally(note("5")),
    )
    fiber.abort()
    expect((await ended(fiber)).status).toBe("rejected")
    expect(log).toEqual(["1", "3", "5"])
  })

  it("cannot be turned into a success by a handler around a failing cleanup", async () => {
    const { fiber, log } = held((note) =>
      Task.never
        .finally(Task.fail("late"))
        .catch(() => note("caught"))
        .andThen(note("went on")),
    )
    fiber.abort("stop")
    const exit = await ended(fiber)
    expect(exit.status).not.toBe("fulfilled")
    expect(log).toEqual([])
  })

  it("does not run the continuation of a wait that ended in the same turn, after the request", async () => {
    for (const abortFirst of [true, false]) {
      let resume: (task: Task<number>) => void = () => {}
      const log: string[] = []
      const waiting = Task.async<number>((resumed) => {
        resume = resumed
        return () => void log.push("undone")
      }).map(() => log.push("went on"))
      // From inside a running fiber, where the one that is resumed waits for its turn.
      const fiber = waiting.run()
      await Task.sync(() => {
        if (abortFirst) fiber.abort()
        resume(Task.pure(1))
        if (!abortFirst) fiber.abort()
      })
      expect((await ended(fiber)).status).toBe("cancelled")
      expect(log).toEqual(abortFirst ? ["undone"] : [])
    }
  })

  it("comes too late for a wait whose callback has resumed the fiber at once", async () => {
    let resume: (task: Task<number>) => void = () => {}
    const fiber = Task.async<number>((resumed) => void (resume = resumed)).run()
    resume(Task.pure(1))
    fiber.abort()
    expect(await ended(fiber)).toEqual({ status: "fulfilled", value: 1 })
  })
})

describe("an AbortSignal given to run", () => {
  it("cancels the fiber, with its reason", async () => {
    const controller = new AbortController()
    const fiber = Task.never.run({ signal: controller.signal })
    controller.abort("why")
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "why" })
  })

  it("starts nothing when it is aborted already", async () => {
    const log: string[] = []
    const task = Task.sync(() => void log.push("ran")).finally(() => void log.push("finally"))
    const fiber = task.run({ signal: AbortSignal.abort("before") })
    expect(await ended(fiber)).toEqual({ status: "cancelled", reason: "before" })
    await expect(task.toPromise({ signal: AbortSignal.abort("before") })).rejects.toMatchObject({
      name: "AbortError",
      cause: "before",
    })
    expect(log).toEqual([])
  })

  it("keeps no listener of a fiber that has ended, by whatever outcome", async () => {
    const controller = new AbortController()
    const added = vi.spyOn(controller.signal, "addEventListener")
    const removed = vi.spyOn(controller.signal, "removeEventListener")
    const runtime = Runtime.make({ onUnhandled: () => {} })
    const { signal } = controller
    const fibers = [
      Task.pure(1).run({ signal, runtime }),
      Task.yield().run({ signal, runtime }),
      Task.fail("x").run({ signal, runtime }),
      Task.yield().andThen(Task.fail("x")).run({ signal, runtime }),
      Task.never.run({ signal, runtime }),
    ]
    fibers[4]?.abort()
    await Promise.all(fibers.map((fiber) => ended<unknown>(fiber)))
    const listeners = (calls: readonly (readonly unknown[])[]) => calls.map(([type, listener]) => [type, listener])
    expect(added.mock.calls.length).toBeGreaterThan(0)
    for (const call of listeners(added.mock.calls)) expect(listeners(removed.mock.calls)).toContainEqual(call)
  })
})
