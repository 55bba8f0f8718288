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
  | { readonly type: "body" | "clean"; readonly fiber: number; readonly step: number }
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
        to.write(as, fiber, step)
        for (const next of steps) {
          yield* next
          to.write(as, fiber, step)
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
          to.write(as, fiber, step)
        } finally {
          to.write("leave", fiber, step)
          yield* cleanup
          to.write("left", fiber, step)
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
      to.write("resumed", fiber, step)
      resume(Task.pure(step))
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
    return kind === "promise" ? Promise.resolve(step) : new Promise(() => {})
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
    if (event.type === "registered")
      expect(count("resumed", event.step) + count("undone", event.step)).toBeLessThanOrEqual(1)
    if (event.type === "born") expect(count("dead", event.step)).toBe(1)
    expect(event.type).not.toBe("handled")
  }
  expect([...open.values()].flat()).toEqual([])
  expect(after.filter((event) => event.type === "body" && event.fiber === ROOT)).toEqual([])
  expect(
    after.filter((event) => event.type === "enter" && event.fiber === ROOT && !insideCleanup(events, event)),
  ).toEqual([])
  for (const event of events) {
    if (event.type !== "registered") continue
    const over = count("resumed", event.step) + count("undone", event.step) + count("aborted", event.step)
    const passed = events.some((e) => e.step === event.step && (e.type === "body" || e.type === "clean"))
    if (exit.status === "cancelled" && !passed) expect(over).toBe(1)
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

  it("does the same on a runtime that gives way after every second operation", async () => {
    const before = Runtime.default
    try {
      await fc.assert(
        fc.asyncProperty(program, async (p) => {
          Runtime.setDefault(Runtime.make({ budget: 2, slice: 0.01, batch: 1 }))
          await checkEveryStep(p, 20, inside)
        }),
        { numRuns: 50 },
      )
    } finally {
      Runtime.setDefault(before)
    }
  })
})
