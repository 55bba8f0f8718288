import { fromCallback, Task } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"

/** Callbacks that are answered, and those that the outside keeps though nobody waits any more. */
export const callbacks: readonly Shape[] = [
  {
    name: "callback-answered",
    origin: "effect#3440",
    rounds: SOME,
    open: (watch) => ({
      round: () => fromCallback<object>((callback) => queueMicrotask(() => callback(null, watch.dropped({})))),
    }),
  },
  {
    name: "callback-cancelled",
    origin: "node#17469",
    rounds: SOME,
    open: (watch) => {
      // The last one that the outside holds is not to hold the fiber that has gone.
      const outside: unknown[] = []
      const waiting = Task.defer(() => {
        const held = watch.dropped({})
        return fromCallback((callback) => void (outside[0] = callback)).map(() => held)
      })
      return { round: () => Task.race([watch.counted(waiting), Task.yield()]) }
    },
  },
  {
    name: "registration-taken-back",
    origin: "effect#8391",
    rounds: SOME,
    open: (watch) => {
      const waiters = new Set<unknown>()
      watch.listening(() => waiters.size)
      // A resume that the outside keeps is not to hold what undoes the registration.
      const outside: unknown[] = []
      const waiting = Task.async<void>((resume) => {
        const undo = (): boolean => waiters.delete(resume)
        waiters.add(resume)
        outside[0] = resume
        return watch.dropped(undo)
      })
      return { round: () => Task.race([watch.counted(waiting), Task.yield()]) }
    },
  },
]
