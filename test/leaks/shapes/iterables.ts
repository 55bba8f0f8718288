import { Task } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"
import type { Watch } from "../watch.ts"

function itemsIn(watch: Watch): () => Generator<number> {
  return function* () {
    watch.open++
    try {
      for (let i = 0; ; i++) yield i
    } finally {
      watch.open--
    }
  }
}

/** Iterables without end that are left early: they are closed. */
export const iterables: readonly Shape[] = [
  {
    name: "for-each-that-fails",
    origin: "effect#5221",
    rounds: SOME,
    open: (watch) => {
      const items = itemsIn(watch)
      const work = (n: number): Task<void, string> => (n < 3 ? Task.yield() : Task.fail("e"))
      return { round: () => Task.defer(() => Task.forEach(items(), work, { concurrency: 2 }).attempt()) }
    },
  },
  {
    name: "for-each-cancelled",
    origin: "effect#3774",
    rounds: SOME,
    open: (watch) => {
      const items = itemsIn(watch)
      const work = Task.defer(() => Task.forEach(items(), () => watch.counted(Task.never), { concurrency: 2 }))
      return { round: () => Task.race([work, Task.yield()]) }
    },
  },
  {
    name: "generator-cancelled",
    origin: "effect#5221",
    rounds: SOME,
    open: (watch) => {
      const body = Task.gen(function* () {
        watch.open++
        try {
          yield* Task.never
        } finally {
          yield* Task.yield()
          watch.open--
        }
      })
      return { round: () => Task.race([body, Task.yield()]) }
    },
  },
]
