// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
import { rowsFor } from "../harness/rows.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const RESOURCES = 10
const LEASES = 500_000
const SHARED = 200_000
const FIBERS = 64

const variants = ["native", "rapid", "effect", "genericPool"]

/**
 * Alone a fiber finds an idle resource each time: what a lease costs. Shared: 64 fibers want 10 resources and keep each
 * over a callback, so that it is handed over. No resource may be used by two at once.
 *
 * @type {About}
 */
export const about = {
  title:
    "500k × an idle resource of a pool used, in one fiber; and 200k uses of 10 resources by 64 fibers, each over a " +
    "callback in a microtask; the floor is an array of resources and one of promises to resolve, by hand",
  rows: () => [
    ...rowsFor({ variants, floor: "native", budgets: [fasterThan("effect", "genericPool")] }),
    { name: "rapid, leased", variant: "rapidLeased", floor: "native", rival: "effect, leased" },
    { name: "effect, leased", variant: "effectLeased", floor: "native" },
    { name: "genericPool, leased", variant: "genericPoolLeased", floor: "native" },
    ...rowsFor({
      variants,
      floor: "native, 64 fibers",
      form: ", 64 fibers",
      options: { shared: true },
      budgets: [fasterThan("effect, 64 fibers", "genericPool, 64 fibers")],
    }),
  ],
}

/** @type {Variant} */
export async function native({ shared }) {
  return () => {
    const maker = new Maker()
    /** @type {Resource[]} */
    const idle = []
    /** @type {((resource: Resource) => void)[]} */
    const waiting = []
    let made = 0
    /** @type {(f: (resource: Resource) => Promise<void>) => Promise<void>} */
    const use = async (f) => {
      let resource = idle.pop()
      if (resource === undefined && made < RESOURCES) {
        made++
        resource = maker.make()
      }
      resource ??= await /** @type {Promise<Resource>} */ (new Promise((resolve) => waiting.push(resolve)))
      try {
        return await f(resource)
      } finally {
        const next = waiting.shift()
        if (next === undefined) idle.push(resource)
        else next(resource)
      }
    }
    return shared === true ? together(maker, use) : alone(maker, use)
  }
}

/** @type {Variant} */
export async function rapid({ shared }) {
  const { Pool, Task } = await loadRapid()
  return async () => {
    const maker = new Maker()
    const pool = Pool.make({ create: Task.sync(() => maker.make()), max: RESOURCES })
    if (shared === true) {
      /** @type {import("../../dist/index.js").Task<void>} */
      const called = Task.async((resume) => queueMicrotask(() => resume(Task.unit)))
      const used = (/** @type {Resource} */ resource) =>
        Task.defer(() => {
          resource.take()
          return called.map(() => resource.giveBack())
        })
      let left = SHARED
      const worker = Task.gen(function* () {
        while (left-- > 0) yield* pool.use(used)
      })
      await Task.all(Array.from({ length: FIBERS }, () => worker))
      await pool.close()
      return maker.verify(SHARED, RESOURCES)
    }
    await Task.gen(function* () {
      for (let i = 0; i < LEASES; i++) yield* pool.use((resource) => Task.sync(() => resource.touch()))
    })
    await pool.close()
    return maker.verify(LEASES, 1)
  }
}

/** By `using` where there is that word; here as it is without. @type {Variant} */
export async function rapidLeased() {
  const { Pool, Task } = await loadRapid()
  return async () => {
    const maker = new Maker()
    const pool = Pool.make({ create: Task.sync(() => maker.make()), max: RESOURCES })
    await Task.gen(function* () {
      for (let i = 0; i < LEASES; i++) {
        const lease = yield* pool.lease()
        try {
          lease.resource.touch()
        } finally {
          lease.release()
        }
      }
    })
    await pool.close()
    return maker.verify(LEASES, 1)
  }
}

/** Its pool of a fixed size makes all its resources at the start. @type {Variant} */
export async function effect({ shared }) {
  const Effect = await import("effect/Effect")
  const Pool = await import("effect/Pool")
  return async () => {
    const maker = new Maker()
    const make = Pool.make({ acquire: Effect.sync(() => maker.make()), size: RESOURCES })
    if (shared === true) {
      const called = Effect.callback((/** @type {(effect: import("effect/Effect").Effect<void>) => void} */ resume) =>
        queueMicrotask(() => resume(Effect.void)),
      )
      const used = (/** @type {Resource} */ resource) =>
        Effect.suspend(() => {
          resource.take()
          return Effect.map(called, () => resource.giveBack())
        })
      let left = SHARED
      const program = Effect.gen(function* () {
        const pool = yield* make
        const worker = Effect.gen(function* () {
          while (left-- > 0) yield* Pool.use(pool, used)
        })
        const workers = Array.from({ length: FIBERS }, () => worker)
        yield* Effect.all(workers, { concurrency: "unbounded", discard: true })
      })
      await Effect.runPromise(Effect.scoped(program))
      return maker.verify(SHARED, RESOURCES)
    }
    const program = Effect.gen(function* () {
      const pool = yield* make
      for (let i = 0; i < LEASES; i++) yield* Pool.use(pool, (resource) => Effect.sync(() => resource.touch()))
    })
    await Effect.runPromise(Effect.scoped(program))
    return maker.verify(LEASES, RESOURCES)
  }
}

/** @type {Variant} */
export async function effectLeased() {
  const Effect = await import("effect/Effect")
  const Pool = await import("effect/Pool")
  return async () => {
    const maker = new Maker()
    const program = Effect.gen(function* () {
      const pool = yield* Pool.make({ acquire: Effect.sync(() => maker.make()), size: RESOURCES })
      const leased = Effect.scoped(
        Effect.gen(function* () {
          const resource = yield* Pool.get(pool)
          resource.touch()
        }),
      )
      for (let i = 0; i < LEASES; i++) yield* leased
    })
    await Effect.runPromise(Effect.scoped(program))
    return maker.verify(LEASES, RESOURCES)
  }
}

/** @type {Variant} */
export async function genericPool({ shared }) {
  const { createPool } = await import("generic-pool")
  return async () => {
    const maker = new Maker()
    const pool = createPool({ create: async () => maker.make(), destroy: async () => {} }, { max: RESOURCES })
    /** @type {(f: (resource: Resource) => Promise<void>) => Promise<void>} */
    const use = async (f) => pool.use(f)
    const reading = await (shared === true ? together(maker, use) : alone(maker, use))
    await pool.drain()
    await pool.clear()
    return reading
  }
}

/** @type {Variant} */
export async function genericPoolLeased() {
  const { createPool } = await import("generic-pool")
  return async () => {
    const maker = new Maker()
    const pool = createPool({ create: async () => maker.make(), destroy: async () => {} }, { max: RESOURCES })
    for (let i = 0; i < LEASES; i++) {
      const resource = await pool.acquire()
      try {
        resource.touch()
      } finally {
        await pool.release(resource)
      }
    }
    await pool.drain()
    await pool.clear()
    return maker.verify(LEASES, 1)
  }
}

/**
 * @param {Maker} maker
 * @param {(f: (resource: Resource) => Promise<void>) => Promise<void>} use
 */
async function alone(maker, use) {
  for (let i = 0; i < LEASES; i++) await use(async (resource) => resource.touch())
  return maker.verify(LEASES, 1)
}

/**
 * 64 async functions in place of the fibers.
 *
 * @param {Maker} maker
 * @param {(f: (resource: Resource) => Promise<void>) => Promise<void>} use
 */
async function together(maker, use) {
  const used = async (/** @type {Resource} */ resource) => {
    resource.take()
    await /** @type {Promise<void>} */ (new Promise((resolve) => queueMicrotask(resolve)))
    resource.giveBack()
  }
  let left = SHARED
  const work = async () => {
    while (left-- > 0) await use(used)
  }
  await Promise.all(Array.from({ length: FIBERS }, work))
  return maker.verify(SHARED, RESOURCES)
}

/** Makes resources, and counts. */
class Maker {
  /** @type {Resource[]} */
  made = []

  make() {
    const resource = new Resource()
    this.made.push(resource)
    return resource
  }

  /**
   * @param {number} uses
   * @param {number} resources
   */
  verify(uses, resources) {
    expectEqual(this.made.length, resources, "the number of resources")
    const sum = this.made.reduce((total, resource) => total + resource.uses, 0)
    expectEqual(sum, uses, "the number of uses")
  }
}

/** What one may use at a time. */
class Resource {
  uses = 0
  inUse = false

  touch() {
    this.take()
    this.giveBack()
  }

  take() {
    if (this.inUse) throw new Error("Expected a resource that nobody uses, got one in use")
    this.inUse = true
  }

  giveBack() {
    this.inUse = false
    this.uses++
  }
}
