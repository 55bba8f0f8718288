import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Completable, type Lease, Pool, Task } from "rapid-fiber"
import { explore, TestRuntime, type Trial } from "rapid-fiber/testing"
import { creates, PoolModel, type PoolPlan, verdict } from "./pool-model.ts"
import { type Body, Foreseen, type ModelFiber, outcomeOf, type Pair, takeOut, wait, World } from "./reference.ts"

const n = fc.nat({ max: 50 })
const command = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ type: fc.constant("use" as const), masked: fc.nat({ max: 7 }).map((n) => n === 7) }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("lease" as const) }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("release" as const), n }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant("finish" as const), n, fails: fc.boolean() }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("abort" as const), n }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("warm" as const) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 12 }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("settle" as const) }) },
)
const close = fc.record({ type: fc.constant("close" as const) })
const commands = fc
  .tuple(
    fc.array(command, { maxLength: 30, size: "max" }),
    fc.array(close, { maxLength: 2 }),
    fc.array(command, { maxLength: 8, size: "max" }),
  )
  .map((parts) => parts.flat())
const plan: fc.Arbitrary<PoolPlan> = fc
  .record({
    max: fc.integer({ min: 1, max: 3 }),
    min: fc.nat({ max: 3 }),
    // Never a whole number, so that nothing is due at the moment of a command.
    idleTimeout: fc.constantFrom(Infinity, 4.5, 9.5),
    creates: fc.array(
      fc.nat({ max: 3 }).map((n) => n > 0),
      { maxLength: 5 },
    ),
    checks: fc.array(fc.constantFrom("yes" as const, "yes" as const, "no" as const, "fail" as const), { maxLength: 4 }),
  })
  .map((given) => ({ ...given, min: Math.min(given.min, given.max) }))
  // Which of several that are made side by side fails is not what this is about.
  .map((given) => (given.min > 0 ? { ...given, creates: [] } : given))

type Of<A> = A extends fc.Arbitrary<infer T> ? T : never
type Command = Of<typeof commands>[number]

interface Resource {
  readonly id: number
  asked: number
  destroyed: boolean
  used: boolean
}

interface Holder {
  readonly gate: Completable<void, string>
  readonly model: { inside: ModelFiber | undefined; fails: boolean }
}

interface HeldLease {
  readonly lease: Lease<Resource>
  held: boolean
}

/** Against a model in which nothing takes time, so that all is foreseen: who gets what, and what is destroyed when. */
class Run {
  readonly #world = new World()
  readonly #pool: Pool<Resource, string>
  readonly #model: PoolModel
  readonly #resources: Resource[] = []
  readonly #destroyed: number[] = []
  readonly #holders: Holder[] = []
  readonly #leasing: Pair[] = []
  readonly #leases: HeldLease[] = []
  #tried = 0

  constructor(plan: PoolPlan) {
    this.#model = new PoolModel(this.#world.model, plan)
    this.#pool = Pool.make<Resource, string>({
      create: Task.defer((): Task<Resource, string> => {
        const id = this.#tried++
        if (!creates(plan, id)) return Task.fail(`cannot make ${id}`)
        const resource = { id, asked: 0, destroyed: false, used: false }
        this.#resources.push(resource)
        expect(this.#resources.length - this.#destroyed.length).toBeLessThanOrEqual(plan.max)
        return Task.pure(resource)
      }),
      destroy: (resource) => {
        expect([resource.destroyed, resource.used]).toEqual([false, false])
        resource.destroyed = true
        this.#destroyed.push(resource.id)
      },
      max: plan.max,
      min: plan.min,
      ...(plan.idleTimeout === Infinity ? {} : { idleTimeout: plan.idleTimeout }),
      check: (resource) => {
        expect([resource.destroyed, resource.used]).toEqual([false, false])
        const said = verdict(plan, resource.id, resource.asked++)
        if (said === "fail" && resource.id % 2 === 0) throw new Error("no answer")
        if (said === "fail") return Task.fail("no answer")
        // As a value and as a Task.
        return resource.id % 2 === 0 ? said === "yes" : Task.pure(said === "yes")
      },
    })
  }

  async perform(commands: readonly Command[]): Promise<void> {
    for (const next of commands) {
      if (next.type === "settle") await this.#settle()
      else if (next.type === "finish") await this.#finish(next.n, next.fails)
      else if (next.type === "advance") await this.#advance(next.ms)
      else if (next.type === "abort" && this.#holds(this.#world.pick(next.n))) await this.#abort(next.n)
      else this.#perform(next)
      this.#compare()
    }
    await this.#settle()
    this.#close()
    // In one turn of the host who waits, one after the other who holds something.
    for (const pair of this.#world.pairs.slice(0, -1)) if (!this.#holds(pair)) this.#world.abort(pair)
    await this.#settle()
    for (const pair of this.#world.pairs.slice(0, -1)) {
      this.#world.abort(pair)
      await this.#settle()
    }
    for (;;) {
      for (let i = 0; i < this.#leases.length; i++) this.#release(i)
      await this.#settle()
      // Under a mask they go on.
      if (!this.#holders.some(({ model }) => model.inside !== undefined)) break
      await this.#finish(0, false)
    }
    // All have come back, so the pool is at its end, and each resource was destroyed once.
    expect(this.#world.pairs.every(({ model }) => model.outcome !== "running")).toBe(true)
    expect([this.#pool.size, this.#pool.idle, this.#pool.waiting]).toEqual([0, 0, 0])
    expect(this.#destroyed.toSorted((a, b) => a - b)).toEqual(this.#resources.map(({ id }) => id))
    await this.#world.end()
  }

  #perform(next: Exclude<Command, { type: "settle" | "finish" | "advance" }>): void {
    switch (next.type) {
      case "use":
        return this.#use(next.masked)
      case "lease": {
        const pair = this.#world.run(
          () => this.#pool.lease(),
          (self, log) => this.#leaseModel(self, log),
        )
        this.#leasing.push(pair)
        return this.#collect()
      }
      case "release":
        return this.#release(next.n)
      case "abort":
        return this.#world.abort(this.#world.pick(next.n))
      case "warm": {
        const [pool, model, { test }] = [this.#pool, this.#model, this.#world]
        this.#world.run(
          () => pool.warm(),
          () => model.warm(test.now),
        )
        return
      }
      case "close":
        return this.#close()
    }
  }

  *#leaseModel(self: ModelFiber, log: unknown[]): Body<void> {
    log.push(yield* this.#model.take(self))
  }

  #use(masked: boolean): void {
    const [pool, model, { test }] = [this.#pool, this.#model, this.#world]
    const gate = Task.withResolvers<void, string>()
    const holder: Holder = { gate, model: { inside: undefined, fails: false } }
    this.#holders.push(holder)
    const task = (log: unknown[]) =>
      pool.use((resource) => {
        expect([resource.destroyed, resource.used]).toEqual([false, false])
        resource.used = true
        log.push(resource.id)
        return gate.task.finally(() => void (resource.used = false))
      })
    const body = function* (self: ModelFiber, log: unknown[]): Body<void> {
      const id = yield* model.take(self)
      try {
        log.push(id)
        holder.model.inside = self
        yield* wait(self, () => {})
        if (holder.model.fails) throw new Foreseen("no")
      } finally {
        holder.model.inside = undefined
        model.giveBack(id, test.now)
      }
    }
    this.#world.run(task, body, masked)
  }

  #close(): void {
    const [pool, model] = [this.#pool, this.#model]
    this.#world.run(
      () => pool.close(),
      (self) => model.close(self),
    )
  }

  #holds(pair: Pair | undefined): boolean {
    return this.#holders.some(({ model }) => model.inside !== undefined && model.inside === pair?.model)
  }

  /** Of several who give back while they stop, nobody says whose comes last: a cleanup may give way in the middle. */
  async #abort(n: number): Promise<void> {
    await this.#settle()
    this.#world.abort(this.#world.pick(n))
    await this.#settle()
  }

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

  async #advance(ms: number): Promise<void> {
    await this.#settle()
    await this.#world.test.advance(ms)
    if (!this.#model.closed) this.#model.reap(this.#world.test.now)
    await this.#settle()
  }

  #release(n: number): void {
    if (this.#leases.length === 0) return
    const held = this.#leases[n % this.#leases.length]
    const { resource } = held.lease
    if (held.held) resource.used = false
    held.lease.release()
    if (held.held) this.#model.giveBack(resource.id, this.#world.test.now)
    held.held = false
  }

  #collect(): void {
    for (const pair of this.#leasing.filter(({ model }) => model.outcome !== "running")) {
      takeOut(this.#leasing, pair)
      const exit = pair.fiber.poll()
      if (exit?.status !== "fulfilled") continue
      const lease = exit.value as Lease<Resource>
      expect([lease.resource.destroyed, lease.resource.used]).toEqual([false, false])
      lease.resource.used = true
      pair.log.push(lease.resource.id)
      this.#leases.push({ lease, held: true })
    }
  }

  async #settle(): Promise<void> {
    await this.#world.settle()
    this.#collect()
    this.#world.compare()
    this.#compare()
  }

  #compare(): void {
    const [{ size, idle, waiting }, model] = [this.#pool, this.#model]
    // What happens when after the end has been asked for is not said, but who is served, and that all comes to its end.
    if (model.closed) return expect(size).toBeLessThanOrEqual(model.plan.max)
    expect({ waiting, size, idle, destroyed: this.#destroyed }).toEqual({
      waiting: model.line.length,
      size: model.size,
      idle: model.idle.length,
      destroyed: model.destroyed,
    })
  }
}

describe("a pool whose resources take no time", () => {
  it("does what arrays do, whoever uses, leases, warms, closes and is cancelled when", async () => {
    await fc.assert(
      fc.asyncProperty(plan, commands, (plan, commands) => new Run(plan).perform(commands)),
      { numRuns: 600 },
    )
  })
})

// --- where everything takes time, and the order of running is chosen at random ---------------------------------------

const some = fc.nat({ max: 3 })
const job = fc.record({
  kind: fc.constantFrom("use" as const, "using" as const, "scope" as const, "warm" as const),
  /** After the one before. */
  after: some,
  holds: fc.nat({ max: 6 }),
  fails: fc.nat({ max: 4 }).map((n) => n === 0),
  /** When it is told to stop, after its start. */
  abort: fc.option(fc.nat({ max: 8 }), { freq: 1 }),
})
const slowPlan = fc.record({
  max: fc.integer({ min: 1, max: 3 }),
  min: fc.nat({ max: 3 }),
  idleTimeout: fc.constantFrom(Infinity, 2, 5),
  /** How long each making, asking and destroying takes, and whether it goes well. */
  creates: fc.array(fc.record({ takes: some, well: fc.nat({ max: 4 }).map((n) => n > 0) }), {
    minLength: 1,
    maxLength: 4,
  }),
  checks: fc.array(fc.record({ takes: some, says: fc.constantFrom(true, true, false, undefined) }), { maxLength: 4 }),
  destroys: fc.array(fc.record({ takes: some, well: fc.nat({ max: 4 }).map((n) => n > 0) }), {
    minLength: 1,
    maxLength: 4,
  }),
  givesUp: fc.boolean(),
  seed: fc.option(fc.nat({ max: 1000 }), { freq: 3 }),
})
type Job = Of<typeof job>
type SlowPlan = Of<typeof slowPlan>

/** Nobody foresees who gets what; what holds of each resource, and of how many there are, does at any time. */
class SlowRun {
  readonly #unhandled: unknown[] = []
  readonly #test: TestRuntime
  readonly #plan: SlowPlan
  readonly #pool: Pool<Resource, string>
  readonly #min: number
  readonly #resources: Resource[] = []
  readonly #ended: number[] = []
  readonly #faults: string[] = []
  #creating = 0
  #created = 0
  #asked = 0
  #destroying = 0

  constructor(plan: SlowPlan) {
    this.#plan = plan
    this.#min = Math.min(plan.min, plan.max)
    this.#test = TestRuntime.make({
      ...(plan.seed === null ? {} : { seed: plan.seed }),
      onUnhandled: (reason) => void this.#unhandled.push(reason),
    })
    this.#pool = Pool.make<Resource, string>({
      create: plan.givesUp ? (restore) => restore(this.#pause(1)).andThen(this.#create()) : this.#create(),
      destroy: (resource) => this.#destroy(resource),
      max: plan.max,
      min: this.#min,
      idleTimeout: plan.idleTimeout === Infinity ? { days: 100 } : plan.idleTimeout,
      ...(plan.checks.length === 0 ? {} : { check: (resource: Resource) => this.#check(resource) }),
    })
  }

  #pause(ms: number): Task<void> {
    return ms === 0 ? Task.unit : Task.sleep(ms)
  }

  #create(): Task<Resource, string> {
    return Task.defer(() => {
      const { takes, well } = this.#plan.creates[this.#created++ % this.#plan.creates.length]
      this.#creating++
      this.#look()
      return this.#pause(takes).andThen(
        Task.defer((): Task<Resource, string> => {
          this.#creating--
          if (!well) return Task.fail("cannot make one")
          const resource = { id: this.#resources.length, asked: 0, destroyed: false, used: false }
          this.#resources.push(resource)
          this.#look()
          return Task.pure(resource)
        }),
      )
    })
  }

  #check(resource: Resource): boolean | Task<boolean, string> {
    const { takes, says } = this.#plan.checks[this.#asked++ % this.#plan.checks.length]
    this.#claim(resource, "asked")
    return this.#pause(takes).andThen(
      Task.defer((): Task<boolean, string> => {
        resource.used = false
        return says === undefined ? Task.fail("no answer") : Task.pure(says)
      }),
    )
  }

  #destroy(resource: Resource): Task<void, string> {
    const { takes, well } = this.#plan.destroys[this.#destroying++ % this.#plan.destroys.length]
    this.#claim(resource, "destroyed")
    resource.destroyed = true
    return this.#pause(takes).andThen(
      Task.defer((): Task<void, string> => {
        this.#ended.push(resource.id)
        return well ? Task.unit : Task.fail("cannot end it")
      }),
    )
  }

  #claim(resource: Resource, what: string): void {
    if (resource.used || resource.destroyed) this.#faults.push(`${resource.id} is ${what} while it is not free`)
    resource.used = true
  }

  /** There are never more than `max`, those included that are being made and destroyed. */
  #look(): void {
    const alive = this.#resources.length - this.#ended.length + this.#creating
    if (alive > this.#plan.max) this.#faults.push(`there are ${alive}`)
    const { size, idle } = this.#pool
    if (size > this.#plan.max || idle > size)
      this.#faults.push(`the pool says that there are ${size}, ${idle} of them idle`)
  }

  #task({ kind, holds, fails }: Job): Task<unknown, unknown> {
    const pool = this.#pool
    const body = (resource: Resource) =>
      Task.defer((): Task<void, string> => {
        this.#claim(resource, "used")
        this.#look()
        return this.#pause(holds).andThen(fails ? Task.fail("no") : Task.unit)
      }).finally(() => {
        resource.used = false
      })
    switch (kind) {
      case "use":
        return pool.use(body)
      case "using":
        return Task.gen(function* () {
          using lease = yield* pool.lease()
          yield* body(lease.resource)
        })
      case "scope":
        return Task.scoped((scope) =>
          scope.use((restore) => restore(pool.lease())).flatMap((lease) => body(lease.resource)),
        )
      case "warm":
        return pool.warm().tap(() => {
          // What it has counted on may have come to nothing meanwhile.
          const { checks, creates, givesUp } = this.#plan
          if (checks.length > 0 || givesUp || !creates.every(({ well }) => well)) return
          if (pool.size < this.#min) this.#faults.push(`there are ${pool.size} when it is warm`)
        })
    }
  }

  async perform(jobs: readonly Job[], closeAfter: number | null): Promise<void> {
    const [test, pool] = [this.#test, this.#pool]
    const fibers = []
    const aborts: { at: number; abort: () => void }[] = []
    const until = async (time: number) => {
      for (const next of aborts.filter(({ at }) => at >= test.now && at <= time).toSorted((a, b) => a.at - b.at)) {
        await test.advance(next.at - test.now)
        next.abort()
      }
      await test.advance(time - test.now)
      this.#look()
      expect(this.#faults).toEqual([])
    }
    let closing
    for (const [i, next] of jobs.entries()) {
      await until(test.now + next.after)
      const fiber = this.#task(next).run({ runtime: test })
      fiber.onExit(() => {})
      fibers.push(fiber)
      if (next.abort !== null) aborts.push({ at: test.now + next.abort, abort: () => fiber.abort("stop") })
      if (i === closeAfter) {
        closing = pool.close().run({ runtime: test })
        closing.onExit(() => {})
      }
    }
    await until(test.now + 1000)
    const foreseen = ["fulfilled", "cancelled", "rejected: no", "rejected: cannot make one", "rejected: closed pool"]
    for (const fiber of fibers) expect(foreseen).toContain(outcomeOf(fiber))
    expect(pool.waiting).toBe(0)
    if (closing === undefined) {
      // Nothing is in use any more. What is idle has been so for long.
      expect(pool.size).toBe(pool.idle)
      expect(pool.size).toBe(this.#resources.length - this.#ended.length)
      if (this.#plan.idleTimeout !== Infinity) expect(pool.size).toBeLessThanOrEqual(this.#min)
    } else expect(closing.poll()).toBeDefined()
    const last = pool.close().run({ runtime: test })
    last.onExit(() => {})
    await until(test.now + 100)
    expect(this.#ended.toSorted((a, b) => a - b)).toEqual(this.#resources.map(({ id }) => id))
    expect([pool.size, pool.idle, pool.waiting]).toEqual([0, 0, 0])
    if (this.#plan.destroys.every(({ well }) => well)) expect(outcomeOf(last)).toBe("fulfilled")
    else expect(last.poll()).toBeDefined()
    const late = pool.use(() => Task.unit).run({ runtime: test })
    late.onExit(() => {})
    await until(test.now)
    expect(outcomeOf(late)).toBe("rejected: closed pool")
    expect(this.#unhandled.filter((reason) => reason !== "cannot end it")).toEqual([])
    expect([test.sleepers, test.waiting]).toEqual([[], []])
    await test.close()
  }
}

describe("a pool whose resources take their time", () => {
  it("has never more than max, and ends each one once, in any order of the steps", async () => {
    const jobs = fc.array(job, { minLength: 1, maxLength: 12, size: "max" })
    await fc.assert(
      fc.asyncProperty(slowPlan, jobs, fc.option(fc.nat({ max: 11 }), { freq: 1 }), (plan, jobs, closeAfter) =>
        new SlowRun(plan).perform(jobs, closeAfter),
      ),
      { numRuns: 500 },
    )
  })

  const contest = (idleTimeout: number | undefined) => (trial: Trial) => {
    let [made, alive] = [0, 0]
    const pool = Pool.make({
      create: Task.yield().map(() => {
        if (++alive > 2) throw new Error(`Expected two at most, got ${alive}.`)
        return { id: ++made, used: false, ended: false }
      }),
      destroy: (resource) =>
        Task.yield().map(() => {
          if (resource.used || resource.ended) throw new Error(`Expected ${resource.id} to be free.`)
          resource.ended = true
          alive--
        }),
      max: 2,
      ...(idleTimeout === undefined ? {} : { idleTimeout }),
    })
    const body = (resource: { used: boolean; ended: boolean }) =>
      Task.sync(() => {
        if (resource.used || resource.ended) throw new Error("Expected one that is free.")
        resource.used = true
      })
        .andThen(Task.sleep(1))
        .finally(() => {
          resource.used = false
        })
    trial.check(() => {
      if (alive !== 0) throw new Error(`Expected all to have been destroyed, got ${alive} alive of ${made}.`)
    })
    const used = pool.use(body)
    const leased = Task.gen(function* () {
      using lease = yield* pool.lease()
      yield* body(lease.resource)
    })
    const scoped = Task.scoped((scope) =>
      scope.use((restore) => restore(pool.lease())).flatMap((lease) => body(lease.resource)),
    )
    return Task.gen(function* () {
      const fibers = []
      const programs = { used, leased, scoped, again: used }
      for (const [name, program] of Object.entries(programs)) {
        fibers.push(yield* program.attempt().startDetached({ name }))
      }
      if (idleTimeout !== undefined) yield* Task.sleep(4)
      fibers.push(yield* pool.close().attempt().startDetached({ name: "closing" }))
      for (const fiber of fibers) yield* fiber.join().attempt()
      yield* pool.close()
    })
  }
  it("ends each one once whoever is cancelled, and whoever asks while it is closed", async () => {
    const found = await explore(contest(undefined), { runs: 1500, cancel: ["used", "leased", "scoped", "closing"] })
    expect(found).toMatchObject({ runs: 1500 })
  })

  it("ends each one once while idle ones are ended, too", async () => {
    const found = await explore(contest(2), { runs: 1500, cancel: ["used", "leased", "scoped", "closing"] })
    expect(found).toMatchObject({ runs: 1500 })
  })
})
