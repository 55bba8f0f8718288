import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { Cache, Task } from "rapid-fiber"
import { CacheModel, type CachePlan, loadOf, nameOf } from "./cache-model.ts"
import { World } from "./reference.ts"

/**
 * Caches against arrays, under virtual time: single flight, freshness, the order of use, and cancellation of who
 * waits.
 */
const key = fc.nat({ max: 2 })
const n = fc.nat({ max: 50 })
const command = fc.oneof(
  { weight: 10, arbitrary: fc.record({ type: fc.constant("get" as const), key }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("refresh" as const), key }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("set" as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("delete" as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("clear" as const) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("abort" as const), n }) },
  { weight: 8, arbitrary: fc.record({ type: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 12 }) }) },
)
const plan: fc.Arbitrary<CachePlan> = fc.record({
  max: fc.integer({ min: 1, max: 2 }),
  // No sum of these is a whole number, so that nothing is over at the moment of a command.
  ttl: fc.constantFrom(Infinity, 10.5, 4.5),
  stale: fc.constantFrom(0, 7),
  negativeTtl: fc.constantFrom(0, 5.5),
  loads: fc.array(fc.record({ takes: fc.nat({ max: 6 }), well: fc.nat({ max: 2 }).map((n) => n > 0) }), {
    minLength: 1,
    maxLength: 5,
  }),
})

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never
type Command = Of<typeof command>

class Run {
  readonly #world = new World()
  readonly #cache: Cache<number, string, string>
  readonly #model: CacheModel
  readonly #counts = new Map<number, number>()
  readonly #loads: string[] = []
  readonly #stopped: string[] = []
  #values = 0

  constructor(plan: CachePlan) {
    this.#model = new CacheModel(this.#world.model, plan)
    const duration = (ms: number) => (ms === Infinity ? undefined : ms)
    const [ttl, staleWhileRevalidate, negativeTtl] = [plan.ttl, plan.stale, plan.negativeTtl].map(duration)
    this.#cache = Cache.make<number, string, string>({
      load: (key) => {
        const n = this.#counts.get(key) ?? 0
        this.#counts.set(key, n + 1)
        const { takes, well } = loadOf(plan, key, n)
        const name = nameOf(key, n)
        this.#loads.push(name)
        const outcome = well ? Task.pure(name) : Task.fail(name)
        return (takes === 0 ? outcome : Task.sleep(takes).andThen(outcome)).onCancel(
          () => void this.#stopped.push(name),
        )
      },
      max: plan.max,
      ...(ttl === undefined ? {} : { ttl }),
      ...(staleWhileRevalidate === undefined ? {} : { staleWhileRevalidate }),
      ...(negativeTtl === undefined ? {} : { negativeTtl }),
    })
  }

  async perform(commands: readonly Command[]): Promise<void> {
    for (const next of commands) {
      if (next.type === "advance") await this.#advance(next.ms)
      else this.#perform(next)
      await this.#world.settle()
      this.#compare()
    }
    for (const pair of this.#world.pairs) this.#world.abort(pair)
    await this.#world.settle()
    this.#compare()
    // What goes on in the background comes to its end as well.
    await this.#advance(10)
    this.#compare()
    expect([this.#world.test.sleepers, this.#world.test.waiting]).toEqual([[], []])
    await this.#world.end()
  }

  #perform(next: Exclude<Command, { type: "advance" }>): void {
    const [cache, model, world] = [this.#cache, this.#model, this.#world]
    switch (next.type) {
      case "get":
        world.run(
          (log) => cache.get(next.key).tap((value) => log.push(value)),
          function* (self, log) {
            log.push(yield* model.get(self, next.key))
          },
        )
        return
      case "refresh":
        world.run(
          (log) => cache.refresh(next.key).tap((value) => log.push(value)),
          function* (self, log) {
            log.push(yield* model.refresh(self, next.key))
          },
        )
        return
      case "set": {
        const value = `set ${++this.#values}`
        const pair = world.run(
          () => cache.set(next.key, value),
          function* () {
            model.set(next.key, value)
          },
        )
        expect(pair.fiber.poll()).toBeDefined()
        return
      }
      case "delete": {
        const loading = model.flights.has(next.key)
        const [deleted, there] = [cache.delete(next.key), model.delete(next.key)]
        // Whether a key is there that is only being loaded is not said.
        return expect(deleted).toBe(there || (loading && deleted))
      }
      case "clear":
        cache.clear()
        return model.clear()
      case "abort":
        return world.abort(world.pick(next.n))
    }
  }

  /** One deadline after the other. */
  async #advance(ms: number): Promise<void> {
    const [{ test, model: runtime }, model] = [this.#world, this.#model]
    const end = test.now + ms
    while (model.land(end)) runtime.settle()
    model.now = end
    await test.advance(ms)
  }

  #compare(): void {
    this.#world.compare()
    const model = this.#model
    expect({ loads: this.#loads, stopped: this.#stopped, size: this.#cache.size }).toEqual({
      loads: model.loads,
      stopped: model.stopped,
      size: model.entries.length,
    })
  }
}

describe("a cache", () => {
  it("does what arrays do, whoever asks, sets, deletes and is cancelled when", async () => {
    await fc.assert(
      fc.asyncProperty(plan, fc.array(command, { maxLength: 40, size: "max" }), (plan, commands) =>
        new Run(plan).perform(commands),
      ),
      { numRuns: 800 },
    )
  })
})
