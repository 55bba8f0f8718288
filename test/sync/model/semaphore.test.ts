import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Completable, type Permit, Semaphore, Task } from "rapid-fiber"
import { explore, type Trial } from "rapid-fiber/testing"
import {
  type Body,
  Foreseen,
  type ModelFiber,
  type ModelRuntime,
  type Pair,
  takeOut,
  wait,
  World,
} from "./reference.ts"

/**
 * Semaphores against a number and an array. Who holds permits does so in every way there is, and who waits is cancelled
 * in line, after being served and before running, and under a mask.
 */
const FORMS = ["withPermits", "using", "scope", "bracket", "acquire"] as const
const weight = fc.integer({ min: 1, max: 4 })
const n = fc.nat({ max: 50 })
const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      type: fc.constant("run" as const),
      form: fc.constantFrom(...FORMS),
      weight,
      masked: fc.nat({ max: 7 }).map((n) => n === 7),
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("tryAcquire" as const), weight }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant("release" as const), n }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("abort" as const), n }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("finish" as const), n, fails: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("settle" as const) }) },
)
const scenario = fc.record({
  permits: fc.integer({ min: 1, max: 4 }),
  commands: fc.array(command, { maxLength: 40, size: "max" }),
})

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never
type Command = Of<typeof command>

class SemaphoreModel {
  available: number
  readonly line: Place[] = []
  readonly #runtime: ModelRuntime

  constructor(runtime: ModelRuntime, permits: number) {
    this.#runtime = runtime
    this.available = permits
  }

  tryAcquire(weight: number): boolean {
    if (this.line.length > 0 || weight > this.available) return false
    this.available -= weight
    return true
  }

  *acquire(fiber: ModelFiber, weight: number): Body<void> {
    if (this.tryAcquire(weight)) return
    const place: Place = { fiber, weight, served: false }
    this.line.push(place)
    yield* wait(fiber, () => {
      if (place.served) return this.release(weight)
      takeOut(this.line, place)
      this.#serve()
    })
  }

  release(weight: number): void {
    this.available += weight
    this.#serve()
  }

  #serve(): void {
    while (this.line.length > 0 && this.line[0].weight <= this.available) {
      const [place] = this.line.splice(0, 1)
      place.served = true
      this.available -= place.weight
      this.#runtime.wake(place.fiber)
    }
  }
}

interface Place {
  readonly fiber: ModelFiber
  readonly weight: number
  served: boolean
}

/** Who holds permits until its gate opens. */
interface Holder {
  readonly gate: Completable<void, string>
  readonly model: { inside: ModelFiber | undefined; fails: boolean }
}

interface HeldPermit {
  readonly permit: Permit
  readonly weight: number
  held: boolean
}

class Run {
  readonly #world = new World()
  readonly #semaphore: Semaphore
  readonly #model: SemaphoreModel
  readonly #holders: Holder[] = []
  /** Fibers that end with a permit in hand. */
  readonly #acquiring: { readonly pair: Pair; readonly weight: number }[] = []
  readonly #permits: HeldPermit[] = []
  #running = 0

  constructor(permits: number) {
    this.#semaphore = Semaphore.make(permits)
    this.#model = new SemaphoreModel(this.#world.model, permits)
  }

  async perform(commands: readonly Command[]): Promise<void> {
    for (const next of commands) {
      if (next.type === "settle") await this.#settle()
      else if (next.type === "finish") await this.#finish(next.n, next.fails)
      else this.#perform(next)
      this.#compare()
    }
    await this.#settle()
    for (const pair of this.#world.pairs) this.#world.abort(pair)
    await this.#settle()
    // Under a mask they wait on.
    while (this.#world.pairs.some(({ model }) => model.outcome === "running")) {
      for (let i = 0; i < this.#permits.length; i++) this.#release(i)
      await this.#settle()
      if (this.#holders.some(({ model }) => model.inside !== undefined)) await this.#finish(0, false)
    }
    for (let i = 0; i < this.#permits.length; i++) this.#release(i)
    await this.#settle()
    expect([this.#semaphore.available, this.#semaphore.waiting]).toEqual([this.#semaphore.permits, 0])
    await this.#world.end()
  }

  #perform(next: Exclude<Command, { type: "settle" | "finish" }>): void {
    switch (next.type) {
      case "run":
        return this.#run(next.form, Math.min(next.weight, this.#semaphore.permits), next.masked)
      case "tryAcquire": {
        const weight = Math.min(next.weight, this.#semaphore.permits)
        const permit = this.#semaphore.tryAcquire(weight)
        expect(permit !== undefined).toBe(this.#model.tryAcquire(weight))
        if (permit !== undefined) this.#keep(permit, weight)
        return
      }
      case "release":
        return this.#release(next.n)
      case "abort":
        return this.#world.abort(this.#world.pick(next.n))
    }
  }

  #run(form: (typeof FORMS)[number], weight: number, masked: boolean): void {
    const [semaphore, model] = [this.#semaphore, this.#model]
    if (form === "acquire") {
      const body = (self: ModelFiber) => model.acquire(self, weight)
      // Under a mask that ends with it, a cancellation would come after the permit and throw it away.
      const pair = this.#world.run(() => semaphore.acquire(weight), body)
      this.#acquiring.push({ pair, weight })
      return this.#collect()
    }
    const gate = Task.withResolvers<void, string>()
    const holder: Holder = { gate, model: { inside: undefined, fails: false } }
    this.#holders.push(holder)
    const [enter, leave] = [() => this.#enter(weight), () => void (this.#running -= weight)]
    const inside = (log: unknown[]) =>
      Task.sync(() => {
        enter()
        log.push("in")
      })
        .andThen(gate.task)
        .finally(leave)
    const task = (log: unknown[]): Task<unknown, unknown> => {
      switch (form) {
        case "withPermits":
          return semaphore.withPermits(weight, inside(log))
        case "using":
          return Task.gen(function* () {
            using permit = yield* semaphore.acquire(weight)
            expect([permit.permits, permit.held]).toEqual([weight, true])
            yield* inside(log)
          })
        case "scope":
          return Task.scoped((scope) => scope.use((restore) => restore(semaphore.acquire(weight))).andThen(inside(log)))
        case "bracket":
          return Task.bracket(
            (restore) => restore(semaphore.acquire(weight)),
            () => inside(log),
            (permit) => permit.release(),
          )
      }
    }
    const body = function* (self: ModelFiber, log: unknown[]): Body<void> {
      yield* model.acquire(self, weight)
      try {
        log.push("in")
        holder.model.inside = self
        yield* wait(self, () => {})
        if (holder.model.fails) throw new Foreseen("no")
      } finally {
        holder.model.inside = undefined
        model.release(weight)
      }
    }
    this.#world.run(task, body, masked)
  }

  #enter(weight: number): void {
    this.#running += weight
    expect(this.#running).toBeLessThanOrEqual(this.#semaphore.permits)
  }

  /** Opens the gate of one who is in. */
  async #finish(n: number, fails: boolean): Promise<void> {
    await this.#settle()
    const inside = this.#holders.filter(({ model }) => model.inside !== undefined)
    if (inside.length === 0) return
    const { gate, model } = inside[n % inside.length]
    model.fails = fails
    if (fails) gate.reject("no")
    else gate.resolve()
    if (model.inside !== undefined) this.#world.model.wake(model.inside)
    await this.#settle()
  }

  /** Also one that has been released already. */
  #release(n: number): void {
    if (this.#permits.length === 0) return
    const held = this.#permits[n % this.#permits.length]
    held.permit.release()
    if (held.held) this.#model.release(held.weight)
    held.held = false
  }

  #keep(permit: Permit, weight: number): void {
    expect([permit.permits, permit.held]).toEqual([weight, true])
    this.#permits.push({ permit, weight, held: true })
  }

  /** Takes the permits of the fibers that have ended with one. */
  #collect(): void {
    const ended = this.#acquiring.filter(({ pair }) => pair.model.outcome === "fulfilled")
    for (const acquired of ended) {
      takeOut(this.#acquiring, acquired)
      const exit = acquired.pair.fiber.poll()
      expect(exit?.status).toBe("fulfilled")
      if (exit?.status === "fulfilled") this.#keep(exit.value as Permit, acquired.weight)
    }
  }

  async #settle(): Promise<void> {
    await this.#world.settle()
    this.#world.compare()
    this.#collect()
    this.#compare()
  }

  #compare(): void {
    const { available, waiting } = this.#semaphore
    expect({ available, waiting }).toEqual({ available: this.#model.available, waiting: this.#model.line.length })
    expect(this.#permits.map(({ permit }) => permit.held)).toEqual(this.#permits.map(({ held }) => held))
  }
}

describe("a semaphore", () => {
  it("does what a number and a line do, whoever waits, is served and is cancelled when", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, ({ permits, commands }) => new Run(permits).perform(commands)),
      { numRuns: 800 },
    )
  })

  it("loses no permit and gives none twice in any order of the steps, with a cancellation anywhere", async () => {
    const program = (trial: Trial) => {
      const semaphore = Semaphore.make(3)
      let running = 0
      const inside = (weight: number) =>
        Task.sync(() => {
          running += weight
          if (running > 3) throw new Error(`Expected at most 3 permits in use, got ${running}.`)
        })
          .andThen(Task.yield())
          .finally(() => void (running -= weight))
      const held = (weight: number) =>
        Task.gen(function* () {
          using permit = yield* semaphore.acquire(weight)
          yield* inside(permit.permits)
        })
      const scoped = (weight: number) =>
        Task.scoped((scope) => scope.use((restore) => restore(semaphore.acquire(weight))).andThen(inside(weight)))
      trial.check(() => {
        const { available, waiting } = semaphore
        if (available !== 3 || waiting !== 0)
          throw new Error(`Expected 3 free and none waiting, got ${available}, ${waiting}.`)
      })
      return Task.gen(function* () {
        const first = yield* held(2).startDetached({ name: "first" })
        const second = yield* semaphore.withPermits(3, inside(3)).startDetached({ name: "second" })
        const third = yield* scoped(1).startDetached({ name: "third" })
        const last = yield* semaphore.withPermits(1, inside(1)).startDetached({ name: "last" })
        for (const fiber of [first, second, third, last]) yield* fiber.join().attempt()
      })
    }
    const found = await explore(program, { runs: 2000, cancel: ["first", "second", "third"] })
    expect(found).toMatchObject({ runs: 2000 })
  })

  it("refuses numbers that no run could ever get", () => {
    const semaphore = Semaphore.make(2)
    for (const bad of [0, 3, 1.5, NaN, -1, Infinity]) {
      expect(() => semaphore.acquire(bad)).toThrow(RangeError)
      expect(() => semaphore.tryAcquire(bad)).toThrow(RangeError)
      expect(() => semaphore.withPermits(bad, Task.unit)).toThrow(RangeError)
    }
    for (const bad of [0, 0.5, NaN, -1]) expect(() => Semaphore.make(bad)).toThrow(RangeError)
    expect([semaphore.available, semaphore.waiting]).toEqual([2, 0])
  })
})
