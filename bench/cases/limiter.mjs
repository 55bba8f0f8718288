// @ts-check
import { fasterThan } from "../harness/budget.mjs"
import { expectEqual } from "../harness/expect.mjs"
import { loadRapid } from "../harness/library.mjs"
/** @import { About, Variant } from "../harness/types.d.ts" */

const COUNT = 500_000
/** The bucket is empty when all have been taken: what it gains meanwhile is a few tokens. */
const HOUR = 3_600_000
const FEW = 10_000

/**
 * Token buckets that are full at the beginning and hold just as many as are taken, so that nobody waits; that they are
 * empty at the end shows that all have been counted.
 *
 * @type {About}
 */
export const about = {
  title: "500k takes of a rate limiter that allows them all, in one fiber; the floor is a token bucket by hand",
  variants: ["native", "rapid", "effect", "limiter"],
  floor: "native",
  budgets: [fasterThan("effect", "limiter")],
}

/** @type {Variant} */
export async function native() {
  return async () => {
    let tokens = COUNT
    let at = performance.now()
    const take = async () => {
      for (;;) {
        const now = performance.now()
        tokens = Math.min(tokens + ((now - at) * COUNT) / HOUR, COUNT)
        at = now
        if (tokens >= 1) break
        await new Promise((resolve) => setTimeout(resolve, ((1 - tokens) * HOUR) / COUNT))
      }
      tokens--
    }
    for (let i = 0; i < COUNT; i++) await take()
    mustBeFew(tokens)
  }
}

/** @type {Variant} */
export async function rapid() {
  const { RateLimiter, Task } = await loadRapid()
  return async () => {
    const limiter = RateLimiter.make({ limit: COUNT, interval: HOUR })
    await Task.gen(function* () {
      for (let i = 0; i < COUNT; i++) yield* limiter.take()
    })
    expectEqual(await limiter.tryTake(FEW), false, "whether there are tokens left")
  }
}

/** Its limits have keys, and lie in a store; here the one in memory. @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const Layer = await import("effect/Layer")
  const RateLimiter = await import("effect/persistence/RateLimiter")
  const program = Effect.gen(function* () {
    const limiter = yield* RateLimiter.RateLimiter
    const take = RateLimiter.sleep(limiter)
    let left = COUNT
    for (let i = 0; i < COUNT; i++) {
      const { remaining } = yield* take({ key: "all", algorithm: "token-bucket", limit: COUNT, window: HOUR })
      left = remaining
    }
    return left
  })
  return async () => {
    const store = RateLimiter.layer.pipe(Layer.provide(RateLimiter.layerStoreMemory))
    mustBeFew(await Effect.runPromise(Effect.provide(program, store)))
  }
}

/** @type {Variant} */
export async function limiter() {
  const { RateLimiter } = await import("limiter")
  return async () => {
    const limiter = new RateLimiter({ tokensPerInterval: COUNT, interval: HOUR })
    for (let i = 0; i < COUNT; i++) await limiter.removeTokens(1)
    mustBeFew(limiter.getTokensRemaining())
  }
}

/** @param {number} tokens */
function mustBeFew(tokens) {
  if (!(tokens >= 0 && tokens < FEW)) throw new Error(`Expected fewer than ${FEW} tokens at the end, got ${tokens}`)
}
