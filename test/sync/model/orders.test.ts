import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { ClosedError, Hub, type HubSubscription, type SubscriptionPolicy, Task } from "rapid-fiber"
import { explore, TestRuntime, type Trial } from "rapid-fiber/testing"
import { type Kind, KINDS, makeQueue } from "./queue-model.ts"

/**
 * Random programs under random schedules: nobody foresees what each fiber gets, but every history must be one that a
 * queue or a hub can have. A clock of its own says what was over before what began.
 */
const step = fc.record({
  op: fc.constantFrom(
    "offer" as const,
    "offer" as const,
    "offerAll" as const,
    "take" as const,
    "take" as const,
    "takeUpTo" as const,
  ),
  count: fc.integer({ min: 1, max: 3 }),
  pause: fc.boolean(),
})
const fiber = fc.record({
  steps: fc.array(step, { minLength: 1, maxLength: 5, size: "max" }),
  /** After so many pauses it is told to stop. */
  abort: fc.option(fc.nat({ max: 12 }), { freq: 1 }),
})
const scenario = fc.record({
  fibers: fc.array(fiber, { minLength: 2, maxLength: 6, size: "max" }),
  capacity: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat({ max: 1_000_000 }),
  /** After so many pauses it is closed. */
  close: fc.option(fc.nat({ max: 20 }), { freq: 1 }),
})

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never
type Scenario = Of<typeof scenario>

/** When something began and was over, by the clock of a history; what never was has no end. */
interface Span {
  readonly begun: number
  over: number
}

class History {
  readonly offers = new Map<number, Span & { result: unknown }>()
  readonly taken = new Map<number, Span>()
  #now = 0
  #items = 0

  tick(): number {
    return ++this.#now
  }

  item(): number {
    return ++this.#items * 10 + (this.#items % 3)
  }

  /** An item is about to be offered; what it gives back is to be told the result. */
  offering(item: number, begun = this.tick()): (result: unknown) => void {
    const span = { begun, over: Infinity, result: undefined as unknown }
    this.offers.set(item, span)
    return (result) => {
      span.over = this.tick()
      span.result = result
    }
  }

  /** Somebody is about to take; what it gives back is to be told what came. */
  taking(): (items: readonly number[]) => void {
    const begun = this.tick()
    return (items) => {
      const span = { begun, over: this.tick() }
      for (const item of items) {
        expect(this.offers.has(item), `${item} was never offered`).toBe(true)
        expect(this.taken.has(item), `${item} was taken twice`).toBe(false)
        this.taken.set(item, span)
      }
    }
  }
}

const pauses = (count: number) => Task.yield().repeat({ times: count })

async function queueRun(kind: Kind, { fibers, capacity, seed, close }: Scenario): Promise<void> {
  const test = TestRuntime.make({ seed })
  const queue = makeQueue(kind, capacity)
  const history = new History()
  const program = (steps: Scenario["fibers"][number]["steps"]) =>
    Task.gen(function* () {
      for (const { op, count, pause } of steps) {
        if (pause) yield* Task.yield()
        if (op === "offer") {
          const item = history.item()
          const offered = history.offering(item)
          offered(yield* queue.offer(item))
        } else if (op === "offerAll") {
          const items = Array.from({ length: count }, () => history.item())
          const begun = history.tick()
          const offered = items.map((item) => history.offering(item, begun))
          const added = yield* queue.offerAll(items)
          // Which of them were added is known where all were.
          if (added === items.length) for (const one of offered) one(true)
        } else if (op === "take") {
          const taken = history.taking()
          taken([yield* queue.take()])
        } else {
          const taken = history.taking()
          taken(yield* queue.takeUpTo(count))
        }
      }
    })
  const started = fibers.map(({ steps }) => {
    const fiber = program(steps).run({ runtime: test })
    fiber.onExit(() => {})
    return fiber
  })
  for (const [i, { abort }] of fibers.entries()) {
    if (abort === null) continue
    pauses(abort)
      .tap(() => started[i].abort())
      .runAndForget({ runtime: test })
  }
  if (close !== null)
    pauses(close)
      .tap(() => void queue.close())
      .runAndForget({ runtime: test })
  await test.advance(0)

  // Whoever waits now does so for good: nobody who could go on.
  const { size, closed } = queue
  expect(size).toBeGreaterThanOrEqual(0)
  if (size > 0 || closed) expect(queue.takers).toBe(0)
  if (size < queue.capacity || closed) expect(queue.producers).toBe(0)
  for (const fiber of started) {
    const exit = fiber.poll()
    if (exit?.status === "rejected") expect(exit.reason).toBeInstanceOf(ClosedError)
    fiber.abort()
  }
  await test.advance(0)
  expect([queue.producers, queue.takers]).toEqual([0, 0])
  history.taking()(queue.clear())

  for (const [item, { result }] of history.offers) {
    if (result === true && kind !== "sliding") expect(history.taken.has(item), `${item} is lost`).toBe(true)
    if (result === false) expect(history.taken.has(item), `${item} was dropped and taken`).toBe(false)
  }
  if (!kind.endsWith("priority")) inOrder(history)
  await test.close()
}

/** If one offer was over before another began, its item was not taken after the other's. */
function inOrder(history: History): void {
  for (const [first, { over }] of history.offers) {
    const firstTaken = history.taken.get(first)
    if (firstTaken === undefined) continue
    for (const [second, { begun }] of history.offers) {
      const secondTaken = history.taken.get(second)
      if (secondTaken === undefined || begun < over) continue
      expect(secondTaken.over, `${second} left before ${first}`).toBeGreaterThan(firstTaken.begun)
    }
  }
}

describe("in any order of the steps", () => {
  for (const kind of KINDS) {
    it(`a ${kind} queue loses nothing, gives nothing twice, and keeps the order`, async () => {
      await fc.assert(
        fc.asyncProperty(scenario, (given) => queueRun(kind, given)),
        { numRuns: 300 },
      )
    })
  }

  const POLICIES: SubscriptionPolicy[] = ["bounded", "unbounded", "sliding", "dropping"]
  it("all subscriptions of a hub hear the same order, and miss what they may", async () => {
    const listener = fc.record({
      policy: fc.constantFrom(...POLICIES),
      capacity: fc.integer({ min: 1, max: 3 }),
      before: fc.nat({ max: 6 }),
      takes: fc.nat({ max: 12 }),
      pause: fc.nat({ max: 3 }),
    })
    const publisher = fc.record({
      messages: fc.integer({ min: 1, max: 5 }),
      abort: fc.option(fc.nat({ max: 15 }), { freq: 1 }),
    })
    const hubs = fc.record({
      listeners: fc.array(listener, { minLength: 1, maxLength: 4 }),
      publishers: fc.array(publisher, { minLength: 1, maxLength: 4 }),
      seed: fc.nat({ max: 1_000_000 }),
    })
    await fc.assert(
      fc.asyncProperty(hubs, async ({ listeners, publishers, seed }) => {
        const test = TestRuntime.make({ seed })
        const hub = Hub.make<number>()
        const history = new History()
        const heard = listeners.map(() => [] as number[])
        const there = listeners.map(() => ({ begun: Infinity, over: Infinity }))
        const fibers = listeners.map(({ policy, capacity, before, takes, pause }, i) =>
          Task.gen(function* () {
            yield* pauses(before)
            using subscription: HubSubscription<number> = yield* hub.subscribe({ policy, capacity })
            there[i].begun = history.tick()
            for (let n = 0; n < takes; n++) {
              heard[i].push(yield* subscription.take())
              yield* pauses(pause)
            }
            there[i].over = history.tick()
          }).run({ runtime: test }),
        )
        for (const { messages, abort } of publishers) {
          const fiber = Task.gen(function* () {
            for (let n = 0; n < messages; n++) {
              const message = history.item()
              const published = history.offering(message)
              published(yield* hub.publish(message))
              yield* Task.yield()
            }
          }).run({ runtime: test })
          fibers.push(fiber)
          if (abort !== null)
            pauses(abort)
              .tap(() => fiber.abort())
              .runAndForget({ runtime: test })
        }
        for (const fiber of fibers) fiber.onExit(() => {})
        await test.advance(0)
        for (const one of heard) {
          expect(new Set(one).size, "a message came twice").toBe(one.length)
          for (const message of one) expect(history.offers.has(message)).toBe(true)
          for (const other of heard) {
            const common = other.filter((message) => one.includes(message))
            expect(one.filter((message) => other.includes(message))).toEqual(common)
          }
        }
        for (const [i, { policy }] of listeners.entries()) {
          if (policy === "sliding" || policy === "dropping") continue
          // What was published entirely while it listened was heard, but for what it had no time to take.
          const last = heard[i].at(-1)
          const end = last === undefined ? -Infinity : (history.offers.get(last)?.begun ?? -Infinity)
          for (const [message, { begun, over }] of history.offers) {
            if (begun > there[i].begun && over < end) expect(heard[i], `${message} was missed`).toContain(message)
          }
        }
        await test.close()
        expect([hub.subscriptions, hub.publishers]).toEqual([0, 0])
      }),
      { numRuns: 600 },
    )
  })

  it("a take whose time is up has taken nothing, or has it", async () => {
    const program = (trial: Trial) => {
      const queue = makeQueue("bounded", 1)
      let got: number | undefined
      trial.check(() => {
        if ((got === 7) === (queue.size === 1)) throw new Error(`Expected 7 in one place, got ${got}, ${queue.size}.`)
        if (queue.takers > 0) throw new Error("Expected nobody to wait.")
      })
      const taking = queue
        .take()
        .timeoutTo(1, Task.pure(undefined))
        .tap((item) => void (got = item))
      return Task.all([taking, Task.sleep(1).andThen(queue.offer(7))])
    }
    const found = await explore(program, { strategy: "exhaustive", preemptions: 3, runs: 20_000 })
    expect(found).toMatchObject({ complete: true })
  })
})
