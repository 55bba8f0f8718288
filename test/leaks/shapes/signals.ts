import { Task } from "rapid-fiber"
import { FEW, type Shape, SOME } from "../shape.ts"

const combinators = {
  all: (signal: AbortSignal) => Task.all([Task.yield(), Task.unit], { signal }),
  "all-settled": (signal: AbortSignal) => Task.allSettled([Task.yield(), Task.fail("e")], { signal }),
  race: (signal: AbortSignal) => Task.race([Task.never, Task.yield()], { signal }),
  any: (signal: AbortSignal) => Task.any([Task.fail("e"), Task.yield()], { signal }),
  "for-each": (signal: AbortSignal) => Task.forEach([1, 2], () => Task.yield(), { concurrency: 2, signal }),
  "all-that-fails": (signal: AbortSignal) => Task.all([Task.yield(), Task.fail("e")], { signal }).attempt(),
} as const

/** A signal that lives on and does not abort: what was added to it was removed from it. */
export const signals: readonly Shape[] = [
  {
    name: "run-signal",
    origin: "p-timeout#42, p-queue#235",
    rounds: SOME,
    open: (watch) => {
      const { signal } = watch.controller()
      return { edge: () => Task.yield().run({ signal, runtime: watch.runtime }).toPromise() }
    },
  },
  {
    name: "run-signal-cancelled",
    origin: "p-queue#235",
    rounds: SOME,
    open: (watch) => {
      const { signal } = watch.controller()
      return { edge: () => Task.never.run({ signal, runtime: watch.runtime }).cancel().toPromise() }
    },
  },
  {
    name: "to-promise-signal",
    origin: "p-timeout#42",
    rounds: SOME,
    open: (watch) => {
      const { signal } = watch.controller()
      const failing = Task.yield().andThen(Task.fail("e"))
      return { edge: () => failing.toPromise({ signal, runtime: watch.runtime }).catch(() => {}) }
    },
  },
  {
    name: "abort-on",
    origin: "node#54614",
    rounds: SOME,
    open: (watch) => {
      const { signal } = watch.controller()
      return { round: () => watch.counted(Task.yield()).abortOn(signal) }
    },
  },
  {
    name: "abort-on-cancelled",
    origin: "node#54614",
    rounds: SOME,
    open: (watch) => {
      const { signal } = watch.controller()
      return { round: () => Task.race([watch.counted(Task.never).abortOn(signal), Task.yield()]) }
    },
  },
  ...Object.entries(combinators).map(([name, combined]): Shape => ({
    name: `${name}-signal`,
    origin: "p-queue#235",
    rounds: SOME,
    open: (watch) => {
      const { signal } = watch.controller()
      return { round: () => combined(signal) }
    },
  })),
  {
    name: "signal-of-many",
    origin: "node#48419",
    rounds: FEW,
    width: 50,
    open: (watch) => {
      const { signal } = watch.controller()
      const runs = Array.from({ length: 50 }, () => watch.counted(Task.yield()).abortOn(signal))
      return { round: () => Task.all(runs) }
    },
  },
]
