// @ts-check
import { setTimeout } from "node:timers/promises"
import { startServer } from "../harness/flaky-server.mjs"
import { loadRapid } from "../harness/library.mjs"
import { Requests } from "../harness/requests.mjs"
/** @import { About, Reading, Variant } from "../harness/types.d.ts" */

const LIMIT = 100
const RETRIES = 3
/** The pause before the first retry; it doubles each time. */
const PAUSE = 10
const AT_ONCE = 64
const load = { count: 2000, atOnce: AT_ONCE, retries: RETRIES }

/**
 * What a service does with another one. The time goes to `fetch` and to waiting, and hardly to the library: whoever is
 * far slower here does something else than wait.
 *
 * @type {About}
 */
export const about = {
  title:
    "2000 requests, 64 at once, each with a limit of 100 ms and 3 retries, to a server that fails 5 % and hangs 1 %",
  variants: ["native", "rapid", "effect", "effect3", "rxjs"],
  floor: "native",
}

/** With p-limit. @type {Variant} */
export async function native() {
  const { default: limited } = await import("p-limit")
  return rounds(({ items, ask }) => {
    /** @type {(item: number) => Promise<number>} */
    const persist = async (item) => {
      for (let attempt = 0; ; attempt++) {
        try {
          return await ask(item, AbortSignal.timeout(LIMIT))
        } catch (error) {
          if (attempt === RETRIES) throw error
          await setTimeout(PAUSE * 2 ** attempt)
        }
      }
    }
    return limited(AT_ONCE).map(items, (item) => persist(item).catch(() => undefined))
  })
}

/** @type {Variant} */
export async function rapid() {
  const { Task } = await loadRapid()
  return rounds(async ({ items, ask }) => {
    const persist = (/** @type {number} */ item) =>
      Task.promise((signal) => ask(item, signal))
        .timeout(LIMIT)
        .retry({ times: RETRIES, backoff: { initial: PAUSE } })
        .catch(() => Task.pure(undefined))
    return await Task.all(items.map(persist), { concurrency: AT_ONCE })
  })
}

/** @type {Variant} */
export async function effect() {
  const Effect = await import("effect/Effect")
  const Schedule = await import("effect/Schedule")
  const policy = { times: RETRIES, schedule: Schedule.exponential(PAUSE) }
  return rounds(({ items, ask }) => {
    const persist = (/** @type {number} */ item) =>
      Effect.tryPromise((signal) => ask(item, signal)).pipe(
        Effect.timeout(LIMIT),
        Effect.retry(policy),
        Effect.catch(() => Effect.succeed(undefined)),
      )
    return Effect.runPromise(Effect.forEach(items, persist, { concurrency: AT_ONCE }))
  })
}

/** @type {Variant} */
export async function effect3() {
  const Effect = await import("effect3/Effect")
  const Schedule = await import("effect3/Schedule")
  const policy = { times: RETRIES, schedule: Schedule.exponential(PAUSE) }
  return rounds(({ items, ask }) => {
    const persist = (/** @type {number} */ item) =>
      Effect.tryPromise((signal) => ask(item, signal)).pipe(
        Effect.timeout(LIMIT),
        Effect.retry(policy),
        Effect.catchAll(() => Effect.succeed(undefined)),
      )
    return Effect.runPromise(Effect.forEach(items, persist, { concurrency: AT_ONCE }))
  })
}

/** @type {Variant} */
export async function rxjs() {
  const { Observable, catchError, from, lastValueFrom, map, mergeMap, of, retry, timeout, timer, toArray } =
    await import("rxjs")
  return rounds(({ items, ask }) => {
    /** A promise that is aborted when nobody waits any more. @type {(item: number) => import("rxjs").Observable<number>} */
    const asked = (item) =>
      new Observable((subscriber) => {
        const controller = new AbortController()
        const inner = from(ask(item, controller.signal)).subscribe(subscriber)
        return () => {
          inner.unsubscribe()
          controller.abort()
        }
      })
    const persist = (/** @type {number} */ item) =>
      asked(item).pipe(
        timeout(LIMIT),
        retry({ count: RETRIES, delay: (_, attempt) => timer(PAUSE * 2 ** (attempt - 1)) }),
        catchError(() => of(undefined)),
        map((value) => ({ item, value })),
      )
    const inOrder = (/** @type {{ item: number, value: number | undefined }[]} */ answers) =>
      answers.toSorted((left, right) => left.item - right.item).map(({ value }) => value)
    return lastValueFrom(from(items).pipe(mergeMap(persist, AT_ONCE), toArray(), map(inOrder)))
  })
}

/**
 * @param {(requests: Requests) => Promise<readonly (number | undefined)[]>} ask
 * @returns {Promise<() => Promise<Reading>>}
 */
async function rounds(ask) {
  const address = await startServer()
  return async () => {
    const requests = new Requests(address, load)
    return requests.report(await ask(requests))
  }
}
