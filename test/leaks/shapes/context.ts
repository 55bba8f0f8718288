import { AsyncLocalStorage } from "node:async_hooks"
import { Local, Task } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"

/** Values that travel with fibers end with them. */
export const context: readonly Shape[] = [
  {
    name: "local",
    origin: "effect#6124",
    rounds: SOME,
    open: (watch) => {
      const local = Local.make<object>({})
      return { round: () => Task.defer(() => local.run(watch.dropped({}), Task.yield().andThen(local.get()))) }
    },
  },
  {
    name: "local-in-children",
    origin: "effect#6124",
    rounds: SOME,
    open: (watch) => {
      const local = Local.make<object>({})
      const child = watch.counted(Task.yield().andThen(local.get()))
      return {
        round: () => Task.defer(() => local.run(watch.dropped({}), child.start()).flatMap((fiber) => fiber.join())),
      }
    },
  },
  {
    name: "local-left-by-failure",
    origin: "effect#6124",
    rounds: SOME,
    open: (watch) => {
      const local = Local.make<object>({})
      return { round: () => Task.defer(() => local.run(watch.dropped({}), Task.fail("e")).attempt()) }
    },
  },
  {
    name: "async-local-storage",
    origin: "p-queue#200, p-limit#83",
    rounds: SOME,
    open: (watch) => {
      const storage = new AsyncLocalStorage<object>()
      // They share the timer of one that sleeps on, which is armed by the first of them.
      const sleeping = Task.sleep({ hours: 1 }).run()
      const round = watch.counted(Task.sleep(0).andThen(Task.yield()))
      return {
        edge: () => storage.run(watch.dropped({}), () => round.toPromise({ runtime: watch.runtime })),
        close: () => sleeping.abort(),
      }
    },
  },
]
