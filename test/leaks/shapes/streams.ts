import { Stream, Task } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"

/** Streams without end, and streams that are left early, round after round. */
export const streams: readonly Shape[] = [
  {
    name: "stream-endless",
    origin: "effect#3440",
    rounds: SOME,
    open: () => ({
      program: (step) =>
        Stream.range(0)
          .map((n) => ({ n }))
          .filter(({ n }) => n >= 0)
          .mapTask(() => step)
          .chunk(2)
          .drain(),
    }),
  },
  {
    name: "stream-parallel-endless",
    origin: "effect#8374",
    rounds: SOME,
    open: (watch) => ({
      program: (step) =>
        Stream.range(0)
          .mapTask(() => watch.counted(Task.yield()).andThen(step), { concurrency: 4 })
          .drain(),
    }),
  },
  {
    name: "stream-of-streams-endless",
    origin: "fs2#1672",
    rounds: SOME,
    open: (watch) => ({
      program: (step) => {
        const inner = Stream.using(
          Task.sync(() => watch.dropped({})),
          () => watch.counted(step),
          () => {},
        )
        return Stream.range(0)
          .flatMap(() => inner)
          .map(() => inner)
          .mergeAll({ concurrency: 2 })
          .drain()
      },
    }),
  },
  {
    name: "stream-time-limit-endless",
    origin: "rxjs#5931",
    rounds: SOME,
    open: () => ({
      program: (step) =>
        Stream.range(0)
          .mapTask(() => Task.yield().andThen(step))
          .timeout({ days: 1 })
          .buffer(2)
          .drain(),
    }),
  },
  {
    name: "stream-switched-endless",
    origin: "rxjs#5034",
    rounds: SOME,
    open: () => ({
      program: (step) =>
        Stream.range(0)
          .mapTask(() => Task.yield().andThen(step))
          .switchMap(() => Task.never)
          .drain(),
    }),
  },
  {
    name: "stream-shared-and-left",
    origin: "rxjs#3336",
    rounds: SOME,
    open: (watch) => {
      const shared = Stream.defer(() => Stream.range(0).map(() => watch.dropped({}))).share({ replay: 2 })
      return { round: () => Task.all([shared.take(2).drain(), shared.take(3).drain()]) }
    },
  },
  {
    name: "stream-left-early",
    origin: "effect#5221",
    rounds: SOME,
    open: (watch) => {
      const endless = Stream.range(0).map(() => watch.dropped({}))
      return {
        edge: async () => {
          for await (const _ of endless) break
        },
      }
    },
  },
]
