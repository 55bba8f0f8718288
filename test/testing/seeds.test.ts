import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Exit, Local, Task } from "rapid-fiber"
import { TestRuntime, type TestRuntimeOptions } from "rapid-fiber/testing"

/**
 * A seed changes the order, and nothing else. Programs are generated whose outcome does not depend on the order: what runs
 * side by side shares nothing, and at most one of it fails. Each must end as on a plain runtime, whatever the seed, and
 * what it writes down must be the same words in some order.
 */
interface Program {
  readonly kind: string
  readonly id: number
  readonly parts: readonly Program[]
}

const id = fc.nat({ max: 99 })
const leaf = (...kinds: string[]) => fc.record({ kind: fc.constantFrom(...kinds), id, parts: fc.constant([]) })
const inner = (kinds: string[], ...parts: fc.Arbitrary<Program>[]) =>
  fc.record({ kind: fc.constantFrom(...kinds), id, parts: fc.tuple(...parts) })

/** `sound` succeeds, `ending` may fail; neither waits for ever. */
const { sound, ending } = fc.letrec<{ sound: Program; ending: Program }>((tie) => {
  const [safe, any] = [tie("sound"), tie("ending")] as [fc.Arbitrary<Program>, fc.Arbitrary<Program>]
  return {
    sound: fc.oneof(
      { maxDepth: 4 },
      leaf("pure", "note", "yield", "sleep", "promise", "callback", "local"),
      inner(["then", "gen", "finally", "all", "settled", "children", "detached"], safe, safe),
      inner(["attempt", "race", "limit", "repeat", "scope", "uncancelable", "completable", "bound"], safe),
      inner(["attempt"], any),
      inner(["catch"], any, safe),
    ),
    ending: fc.oneof(
      { maxDepth: 4 },
      leaf("pure", "note", "yield", "sleep", "fail", "throw"),
      inner(["then", "gen", "catch"], any, any),
      inner(["all", "children", "finally"], any, safe),
      inner(["race", "limit", "scope", "uncancelable", "retry"], any),
    ),
  }
}) as Record<"sound" | "ending", fc.Arbitrary<Program>>

const local = Local.make("none")

function build(program: Program, log: string[]): Task<unknown, unknown> {
  const { kind } = program
  const name = `${kind} ${program.id}`
  const note = Task.sync(() => void log.push(name))
  const [first, second] = program.parts.map((part) => build(part, log))
  switch (kind) {
    case "note":
      return note.as(name)
    case "yield":
      return Task.yield().andThen(note).as(name)
    case "sleep":
      return Task.sleep(program.id % 3).andThen(note)
    case "promise":
      return Task.promise(() => Promise.resolve(name)).tap(() => note)
    case "callback":
      return Task.async<string>((resume) => queueMicrotask(() => resume(note.as(name))))
    case "local":
      return local.run(name, Task.yield().andThen(local.get()))
    case "fail":
      return note.andThen(Task.fail(name))
    case "throw":
      return Task.sync(() => {
        throw name
      })
    case "then":
      return first.andThen(second)
    case "gen":
      return Task.gen(function* () {
        const one = yield* first
        yield* note
        return [one, yield* second]
      })
    case "catch":
      return first.catch((error) => second.as(error))
    case "finally":
      return first.finally((exit) => {
        log.push(`${name} ${exit.status}`)
        return second
      })
    case "attempt":
      return first.attempt()
    case "all":
      return Task.all([first, note, second])
    case "settled":
      return Task.allSettled([first, second])
    case "bound":
      return Task.all([first, note, note, note], { concurrency: 2 })
    case "children": {
      const family = Task.gen(function* () {
        const children = [yield* first.start(), yield* second.start()]
        const ends: unknown[] = []
        for (const child of children) ends.push(yield* child.join())
        return ends
      })
      // In a fiber of its own: the failure of a child is that of its parent, whatever handlers this has.
      return Task.all([family])
    }
    case "detached":
      return first.startDetached().flatMap((fiber) => second.andThen(fiber.join()))
    case "race":
      return Task.race([Task.never, first, Task.never])
    case "limit":
      return first.timeout({ hours: 1 })
    case "repeat":
      return first.repeat({ times: 2 })
    case "retry":
      return first.retry({ times: 2, backoff: { initial: 1, jitter: true } })
    case "scope":
      return Task.scoped((scope) =>
        scope
          .acquire(note.as(name), () => void log.push(`${name} released`))
          .andThen(scope.start(Task.yield()))
          .andThen(first),
      )
    case "uncancelable":
      return Task.uncancelable((restore) => restore(first).tap(() => note))
    case "completable": {
      return Task.defer(() => {
        const { task, resolve } = Task.withResolvers<unknown>()
        return task.start().flatMap((waiter) => first.tap(resolve).andThen(waiter.join()))
      })
    }
    default:
      return Task.pure(name)
  }
}

interface Seen {
  readonly exit: Exit<unknown>
  readonly log: readonly string[]
  readonly trace: readonly string[]
}

async function plainly(program: Program): Promise<Seen> {
  const log: string[] = []
  const exit = await build(program, log).attempt()
  return { exit, log, trace: [] }
}

async function onTestRuntime(program: Program, options: TestRuntimeOptions): Promise<Seen> {
  const log: string[] = []
  const test = TestRuntime.make(options)
  const exit = await test.run(build(program, log).attempt())
  const { trace } = test
  await test.close()
  return { exit, log, trace }
}

const seeds = fc.array(fc.integer(), { minLength: 3, maxLength: 3 })

describe("whatever the seed", () => {
  it("a program whose outcome does not depend on the order has the same outcome, and the same is written down", () =>
    fc.assert(
      fc.asyncProperty(sound, seeds, async (program, chosen) => {
        const plain = await plainly(program)
        for (const seed of [undefined, 0, ...chosen]) {
          const { exit, log } = await onTestRuntime(program, seed === undefined ? {} : { seed })
          expect(exit).toEqual(plain.exit)
          // What fails in one of several may have the others cut short, and how short depends on the order.
          if (!failsInside(program)) expect(log.toSorted()).toEqual(plain.log.toSorted())
        }
      }),
      { numRuns: 60 },
    ))

  it("one that may fail has the same outcome, too", () =>
    fc.assert(
      fc.asyncProperty(ending, seeds, async (program, chosen) => {
        const { exit } = await plainly(program)
        for (const seed of [undefined, 0, ...chosen]) {
          expect((await onTestRuntime(program, seed === undefined ? {} : { seed })).exit).toEqual(exit)
        }
      }),
      { numRuns: 60 },
    ))

  it("twice the same is twice the same run: trace, log and outcome", () =>
    fc.assert(
      fc.asyncProperty(fc.oneof(sound, ending), fc.integer(), async (program, seed) => {
        const [once, again] = [
          await onTestRuntime(program, { seed, trace: true }),
          await onTestRuntime(program, { seed, trace: true }),
        ]
        expect(again).toEqual(once)
        if (once.trace.length === 0) throw new Error("Expected a trace, got none.")
        // To look does not change what is seen.
        const unseen = await onTestRuntime(program, { seed })
        expect({ ...unseen, trace: once.trace }).toEqual(once)
      }),
      { numRuns: 60 },
    ))
})

function failsInside({ kind, parts }: Program): boolean {
  return kind === "fail" || kind === "throw" || parts.some(failsInside)
}

/** Functions with names only: what others are called depends on the platform. */
async function traced(options: TestRuntimeOptions): Promise<readonly string[]> {
  const test = TestRuntime.make({ ...options, trace: true })
  const { task: news, resolve } = Task.withResolvers<void>()
  function look(): void {}
  function tell(): void {
    resolve()
  }
  const reader = Task.sync(look).andThen(news).andThen(Task.sync(look))
  const teller = Task.sync(look).andThen(Task.sleep(5)).andThen(Task.yield()).andThen(Task.sync(tell))
  const sleeper = Task.sleep(5).andThen(Task.sync(look)).repeat({ times: 1 })
  const program = Task.gen(function* () {
    const fibers = [
      yield* reader.start({ name: "reader" }),
      yield* teller.start({ name: "teller" }),
      yield* sleeper.start({ name: "sleeper" }),
      yield* Task.yield().andThen(Task.sync(look)).start(),
    ]
    for (const fiber of fibers) yield* fiber.join()
    yield* Task.fail("the end").attempt()
  })
  await test.run(program, { name: "main" })
  const { trace } = test
  await test.close()
  return trace
}

describe("the schedule of a seed", () => {
  // Written down once: on every platform, and in every version that does not say otherwise, it is the same.
  it("is the one that is written here, for 1", async () => {
    expect(await traced({ seed: 1 })).toEqual([
      "  1  main     start reader · gives way",
      "  2  main     start teller · start sleeper · start a fiber · waits for the end of reader",
      "  3  teller   gives way",
      "  4  sleeper  gives way",
      "  5  fiber-1  gives way",
      "  6  teller   look · gives way",
      "  7  reader   look · waits for a Completable",
      "  8  sleeper  sleep 5 ms · waits for a sleep",
      "  9  teller   sleep 5 ms · waits for a sleep",
      " 10  fiber-1  yield · gives way",
      " 11  fiber-1  look · fulfilled",
      " 12  teller   gives way",
      " 13  teller   yield · gives way",
      " 14  sleeper  look · gives way",
      " 15  teller   tell · fulfilled",
      " 16  sleeper  sleep 5 ms · waits for a sleep",
      " 17  reader   look · fulfilled",
      " 18  main     waits for the end of sleeper",
      " 19  sleeper  look · fulfilled",
      " 20  main     fulfilled",
    ])
  })

  it("is the one that is written here, for 2", async () => {
    expect(await traced({ seed: 2 })).toEqual([
      "  1  main     start reader · start teller · start sleeper · start a fiber · waits for the end of reader",
      "  2  reader   look · waits for a Completable",
      "  3  sleeper  gives way",
      "  4  sleeper  sleep 5 ms · waits for a sleep",
      "  5  teller   gives way",
      "  6  fiber-1  gives way",
      "  7  teller   look · sleep 5 ms · waits for a sleep",
      "  8  fiber-1  yield · gives way",
      "  9  fiber-1  look · fulfilled",
      " 10  teller   yield · gives way",
      " 11  sleeper  look · gives way",
      " 12  sleeper  gives way",
      " 13  teller   tell · fulfilled",
      " 14  sleeper  gives way",
      " 15  sleeper  sleep 5 ms · waits for a sleep",
      " 16  reader   look · fulfilled",
      " 17  main     waits for the end of sleeper",
      " 18  sleeper  look · fulfilled",
      " 19  main     fulfilled",
    ])
  })

  it("is first come, first served without one", async () => {
    expect(await traced({})).toEqual([
      "  1  main     start reader · start teller · start sleeper · start a fiber · waits for the end of reader",
      "  2  reader   look · waits for a Completable",
      "  3  teller   look · sleep 5 ms · waits for a sleep",
      "  4  sleeper  sleep 5 ms · waits for a sleep",
      "  5  fiber-1  yield · gives way",
      "  6  fiber-1  look · fulfilled",
      "  7  teller   yield · gives way",
      "  8  sleeper  look · sleep 5 ms · waits for a sleep",
      "  9  teller   tell · fulfilled",
      " 10  reader   look · fulfilled",
      " 11  main     waits for the end of sleeper",
      " 12  sleeper  look · fulfilled",
      " 13  main     fulfilled",
    ])
  })

  it("depends on its lowest 32 bits, negative ones included", async () => {
    expect(await traced({ seed: 1 + 2 ** 32 })).toEqual(await traced({ seed: 1 }))
    expect(await traced({ seed: -1 })).toEqual(await traced({ seed: 2 ** 32 - 1 }))
    expect(await traced({ seed: -1 })).not.toEqual(await traced({ seed: 1 }))
  })
})
