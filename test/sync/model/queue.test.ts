import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Queue, Task } from "rapid-fiber"
import { type Kind, KINDS, makeQueue, QueueModel } from "./queue-model.ts"
import { type Body, type ModelFiber, World } from "./reference.ts"

/**
 * Queues of every kind, against arrays. Fibers with programs of several steps, calls from outside, cancellations and
 * the end come in any order, with and without a turn of the host between them.
 */
const rank = fc.nat({ max: 2 })
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("take" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("takeUpTo" as const), most: fc.constantFrom(1, 2, 3, Infinity) }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant("offer" as const), rank }) },
  {
    weight: 2,
    arbitrary: fc.record({ op: fc.constant("offerAll" as const), ranks: fc.array(rank, { maxLength: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("drained" as const) }) },
)
const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("run" as const),
      steps: fc.array(step, { minLength: 1, maxLength: 3 }),
      masked: fc.nat({ max: 7 }).map((n) => n === 7),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("tryOffer" as const), rank }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("poll" as const) }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("clear" as const) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("abort" as const), n: fc.nat({ max: 50 }) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("settle" as const) }) },
)
const end = fc.record({ type: fc.constantFrom("close" as const, "fail" as const) })
/** The end may come anywhere, or twice, and something after it. */
const commands = fc
  .tuple(
    fc.array(command, { maxLength: 24, size: "max" }),
    fc.array(end, { maxLength: 2 }),
    fc.array(command, { maxLength: 8, size: "max" }),
  )
  .map((parts) => parts.flat())
const scenario = fc.record({ capacity: fc.integer({ min: 1, max: 3 }), commands })

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never
type Step = Of<typeof step>
type Command = Of<typeof commands>[number]

class Run {
  readonly #world = new World()
  readonly #queue: Queue<number, string>
  readonly #model: QueueModel
  #items = 0

  constructor(kind: Kind, capacity: number) {
    this.#queue = makeQueue(kind, capacity)
    this.#model = new QueueModel(this.#world.model, kind, capacity)
    expect(this.#queue.capacity).toBe(this.#model.capacity)
  }

  async perform(commands: readonly Command[]): Promise<void> {
    for (const next of commands) {
      // An `await` is a turn for those who have been woken.
      if (next.type === "settle") await this.#settle()
      else this.#perform(next)
      this.#compare()
    }
    await this.#settle()
    // What is left can be taken, and then everybody who waits for more is told.
    expect(this.#queue.close()).toBe(this.#model.end("closed queue"))
    await this.#settle()
    expect(this.#queue.clear()).toEqual(this.#model.remove(Infinity))
    await this.#settle()
    expect([this.#queue.size, this.#queue.takers, this.#queue.producers]).toEqual([0, 0, 0])
    await this.#world.end()
  }

  #perform(next: Exclude<Command, { type: "settle" }>): void {
    const [queue, model, world] = [this.#queue, this.#model, this.#world]
    switch (next.type) {
      case "run":
        return this.#run(next.steps, next.masked)
      case "tryOffer": {
        const item = this.#item(next.rank)
        return expect(queue.tryOffer(item)).toBe(model.tryOffer(item))
      }
      case "poll":
        return expect(queue.poll()).toBe(model.remove(1)[0])
      case "clear":
        return expect(queue.clear()).toEqual(model.remove(Infinity))
      case "close":
        return expect(queue.close()).toBe(model.end("closed queue"))
      case "fail":
        return expect(queue.fail("broken")).toBe(model.end("broken"))
      case "abort":
        return world.abort(world.pick(next.n))
    }
  }

  #run(steps: readonly Step[], masked: boolean): void {
    const [queue, model] = [this.#queue, this.#model]
    const given = steps.map((step) => {
      const ranks = step.op === "offer" ? [step.rank] : step.op === "offerAll" ? step.ranks : []
      return { step, items: ranks.map((n) => this.#item(n)) }
    })
    const task = (log: unknown[]) =>
      Task.gen(function* () {
        for (const { step, items } of given) {
          if (step.op === "take") log.push([yield* queue.take()])
          else if (step.op === "takeUpTo") log.push(yield* queue.takeUpTo(step.most))
          else if (step.op === "offer") log.push(yield* queue.offer(items[0]))
          else if (step.op === "offerAll") log.push(yield* queue.offerAll(items))
          else log.push(yield* queue.drained())
        }
      })
    const body = function* (self: ModelFiber, log: unknown[]): Body<void> {
      for (const { step, items } of given) {
        if (step.op === "take") log.push(yield* model.take(self, 1))
        else if (step.op === "takeUpTo") log.push(yield* model.take(self, step.most))
        else if (step.op === "offer") log.push(yield* model.offer(self, items[0]))
        else if (step.op === "drained") log.push(yield* model.drained(self))
        else {
          let added = 0
          for (const item of items) if (yield* model.offer(self, item)) added++
          log.push(added)
        }
      }
    }
    this.#world.run(task, body, masked)
  }

  #item(rank: number): number {
    return ++this.#items * 10 + rank
  }

  async #settle(): Promise<void> {
    await this.#world.settle()
    this.#world.compare()
    this.#compare()
  }

  #compare(): void {
    const [queue, model] = [this.#queue, this.#model]
    const { size, takers, producers, closed } = queue
    expect({ size, takers, producers, closed }).toEqual({
      size: model.size,
      takers: model.takers.length,
      producers: model.producers.length,
      closed: model.ended !== undefined,
    })
  }
}

describe("a queue does what arrays do, whoever waits, is woken and is cancelled when", () => {
  for (const kind of KINDS) {
    it(kind, async () => {
      await fc.assert(
        fc.asyncProperty(scenario, ({ capacity, commands }) => new Run(kind, capacity).perform(commands)),
        { numRuns: 300 },
      )
    })
  }
})
