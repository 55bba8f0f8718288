/**
 * Programs with a known bug that only some schedules show, and the same programs put right. The primitives are written as
 * their users might, on `Task.withResolvers`.
 */
import { type Restore, Task } from "rapid-fiber"
import type { Program, Trial } from "rapid-fiber/testing"

export interface Planted {
  readonly name: string
  readonly finds: "failure" | "deadlock" | "leak"
  readonly cancel?: string
  readonly bad: Program
  readonly good: Program
}

const expectEqual = (actual: unknown, expected: unknown, what: string): void => {
  if (actual !== expected) throw new Error(`Expected ${what} to be ${String(expected)}, got ${String(actual)}.`)
}

// --- read, yield, write ----------------------------------------------------------------------------------------------

/** Two fibers add one; between reading and writing the bad one gives way. */
function counting(atomic: boolean): Program {
  return (trial: Trial) => {
    let count = 0
    const increment = Task.gen(function* () {
      if (atomic) return yield* Task.sync(() => void count++)
      const read = yield* Task.sync(() => count)
      yield* Task.sync(() => void (count = read + 1))
    })
    trial.check(() => expectEqual(count, 2, "the count"))
    return Task.gen(function* () {
      const first = yield* increment.start({ name: "first" })
      const second = yield* increment.start({ name: "second" })
      yield* first.join()
      yield* second.join()
    })
  }
}

// --- a lost wakeup ---------------------------------------------------------------------------------------------------

/** One waits until a flag is set. The bad one looks at the flag, and only later says that it waits. */
function waiting(atomic: boolean): Program {
  return () => {
    let ready = false
    let wake: (() => void) | undefined
    const wait = Task.gen(function* () {
      if (atomic) {
        const { task, resolve } = Task.withResolvers<void>()
        const goesOn = yield* Task.sync(() => {
          if (ready) return true
          wake = () => resolve()
          return false
        })
        if (!goesOn) yield* task
        return
      }
      if (yield* Task.sync(() => ready)) return
      const { task, resolve } = Task.withResolvers<void>()
      yield* Task.sync(() => void (wake = () => resolve()))
      yield* task
    })
    const set = Task.sync(() => {
      ready = true
      wake?.()
    })
    return Task.gen(function* () {
      const waiter = yield* wait.start({ name: "waiter" })
      const setter = yield* set.start({ name: "setter" })
      yield* waiter.join()
      yield* setter.join()
    })
  }
}

// --- a semaphore -----------------------------------------------------------------------------------------------------

interface Semaphore {
  readonly free: () => number
  readonly within: <A, E>(task: Task<A, E>) => Task<A, E>
}

/**
 * One permit. The bad one takes it, and installs its giving back a step later; also, a permit that was handed to a waiter
 * who is cancelled meanwhile is nobody's.
 */
function semaphore(careful: boolean): Semaphore {
  let free = 1
  const waiters: (() => boolean)[] = []
  const give = (): void => {
    const next = waiters.shift()
    if (next === undefined) free++
    else next()
  }
  const take = (wait: Restore): Task<void> =>
    Task.defer(() => {
      if (free > 0) {
        free--
        return Task.unit
      }
      const { task, resolve } = Task.withResolvers<void>()
      const waiter = (): boolean => resolve()
      waiters.push(waiter)
      if (!careful) return wait(task)
      return wait(task).finally((exit) => {
        if (exit.status !== "cancelled") return
        const place = waiters.indexOf(waiter)
        if (place >= 0) waiters.splice(place, 1)
        else give()
      })
    })
  return {
    free: () => free,
    within: (task) =>
      careful
        ? Task.bracket(
            (restore) => take(restore),
            () => task,
            () => Task.sync(give),
          )
        : take((waiting) => waiting).flatMap(() => task.finally(Task.sync(give))),
  }
}

/** Three want the permit; one of them is cancelled somewhere. */
function permits(careful: boolean): Program {
  return (trial) => {
    const one = semaphore(careful)
    const work = one.within(Task.sleep(1))
    trial.check(() => expectEqual(one.free(), 1, "the number of free permits"))
    return Task.gen(function* () {
      const fibers = [
        yield* work.start({ name: "first" }),
        yield* work.start({ name: "second" }),
        yield* work.start({ name: "third" }),
      ]
      for (const fiber of fibers) yield* fiber.join().attempt()
    })
  }
}

// --- two locks, two orders -------------------------------------------------------------------------------------------

function locks(ordered: boolean): Program {
  return () => {
    const [a, b] = [semaphore(true), semaphore(true)]
    const one = a.within(Task.yield().andThen(b.within(Task.unit)))
    const other = ordered ? one : b.within(Task.yield().andThen(a.within(Task.unit)))
    return Task.gen(function* () {
      const left = yield* one.start({ name: "left" })
      const right = yield* other.start({ name: "right" })
      yield* left.join()
      yield* right.join()
    })
  }
}

// --- a queue ---------------------------------------------------------------------------------------------------------

/** A queue of numbers. The bad one hands an item straight to a taker, who may be cancelled before it gets on. */
function takes(throughBuffer: boolean): Program {
  return (trial) => {
    const items: number[] = []
    const takers: ((item: number) => boolean)[] = []
    const received: number[] = []
    const take = (wait: Restore): Task<number> =>
      Task.defer((): Task<number> => {
        if (items.length > 0) return Task.pure(items.shift()!)
        if (!throughBuffer) {
          const { task, resolve } = Task.withResolvers<number>()
          takers.push(resolve)
          return wait(task)
        }
        const { task, resolve } = Task.withResolvers<void>()
        const taker = (): boolean => resolve()
        takers.push(taker)
        const leave = (): void => {
          const place = takers.indexOf(taker)
          if (place >= 0) takers.splice(place, 1)
          else if (items.length > 0) takers.shift()?.(0)
        }
        return wait(task)
          .finally((exit) => (exit.status === "cancelled" ? leave() : undefined))
          .andThen(take(wait))
      })
    const offer = (item: number): Task<void> =>
      Task.sync(() => {
        if (throughBuffer) items.push(item)
        const taker = takers.shift()
        if (taker === undefined) {
          if (!throughBuffer) items.push(item)
        } else {
          taker(item)
        }
      })
    // To have received is one step with taking: what happens to the item from then on is the taker's business.
    const taker = Task.uncancelable((restore) => take(restore).tap((item) => void received.push(item)))
    trial.check(() => expectEqual(received.length + items.length, 1, "the number of items received or still there"))
    return Task.gen(function* () {
      const waiting = yield* taker.start({ name: "taker" })
      yield* offer(1)
      yield* waiting.join().attempt()
    })
  }
}

// --- given back twice ------------------------------------------------------------------------------------------------

/** Whoever of the two ends first closes the connection. The bad one looks, and closes a step later. */
function closing(once: boolean): Program {
  return (trial) => {
    let open = true
    const close = trial.resource("the connection")
    const user = Task.gen(function* () {
      if (once) {
        yield* Task.sync(() => {
          if (open) close()
          open = false
        })
        return
      }
      if (!(yield* Task.sync(() => open))) return
      yield* Task.sync(close)
      yield* Task.sync(() => void (open = false))
    })
    return Task.all([user, user])
  }
}

export const planted: ReadonlyArray<Planted> = [
  { name: "a lost wakeup", finds: "deadlock", bad: waiting(false), good: waiting(true) },
  {
    name: "a permit that leaks on cancellation",
    finds: "deadlock",
    cancel: "second",
    bad: permits(false),
    good: permits(true),
  },
  { name: "two locks in two orders", finds: "deadlock", bad: locks(false), good: locks(true) },
  { name: "an item lost in a cancelled take", finds: "failure", cancel: "taker", bad: takes(false), good: takes(true) },
  { name: "something given back twice", finds: "failure", bad: closing(false), good: closing(true) },
  { name: "a read, a yield, a write", finds: "failure", bad: counting(false), good: counting(true) },
]
