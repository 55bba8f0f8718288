import { AsyncLocalStorage } from "node:async_hooks"
import { Local, Task } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"

/** What is kept is the outcome of one run, and nothing of the run. */
export const memoized: readonly Shape[] = [
  {
    name: "memoize",
    origin: "rxjs#5034",
    rounds: SOME,
    open: (watch) => ({
      round: () =>
        Task.defer(() => {
          const shared = watch.counted(Task.sync(() => watch.dropped({}))).memoize()
          return shared.andThen(shared)
        }),
    }),
  },
  {
    name: "memoize-read",
    origin: "rxjs#3336",
    rounds: SOME,
    open: () => {
      const shared = Task.pure(1).memoize()
      return { round: () => shared }
    },
  },
  {
    name: "memoize-drops-its-source",
    origin: "rxjs#5034",
    rounds: SOME,
    open: (watch) => {
      const kept: unknown[] = []
      const loading = (source: object): Task<string> => Task.sync(() => typeof source).memoize()
      return {
        edge: async () => {
          const shared = loading(watch.dropped({}))
          kept[0] = shared
          await shared.toPromise({ runtime: watch.runtime })
        },
      }
    },
  },
  {
    name: "memoize-keeps-the-value-alone",
    origin: "rxjs#5034, rxjs#5931",
    rounds: SOME,
    open: (watch) => {
      const local = Local.make<object>({})
      const storage = new AsyncLocalStorage<object>()
      const kept: unknown[] = []
      // The run waits, so that all of its context and of its frames is put away and fetched again.
      const load = Task.defer(() => {
        const meanwhile = watch.dropped({})
        return Task.yield()
          .map(() => meanwhile)
          .as(1)
      })
      return {
        edge: async () => {
          const shared = load.memoize()
          kept[0] = shared
          const seen = local.run(watch.dropped({}), shared)
          await storage.run(watch.dropped({}), () => seen.toPromise({ runtime: watch.runtime }))
        },
      }
    },
  },
  {
    name: "memoize-given-up",
    origin: "rxjs#5931",
    rounds: SOME,
    open: (watch) => {
      const shared = Task.never.memoize()
      const first = shared.run()
      return { round: () => Task.race([watch.counted(shared), Task.yield()]), close: () => first.abort() }
    },
  },
  {
    name: "memoize-run-anew",
    origin: "rxjs#3336",
    rounds: SOME,
    open: (watch) => {
      const shared = watch.counted(Task.never).memoize()
      return { round: () => Task.race([shared, Task.yield()]) }
    },
  },
]
