import { EventEmitter } from "node:events"
import { once, Task } from "rapid-fiber"
import { type Shape, SOME } from "../shape.ts"
import type { Watch } from "../watch.ts"

function emitterIn(watch: Watch): EventEmitter {
  const emitter = new EventEmitter()
  watch.listening(() => emitter.listenerCount("data") + emitter.listenerCount("error"))
  return emitter
}

/** Waits for one event of what emits many. */
export const events: readonly Shape[] = [
  {
    name: "once-emitted",
    origin: "effect#5221",
    rounds: SOME,
    open: (watch) => {
      const emitter = emitterIn(watch)
      const emit = Task.yield().tap(() => emitter.emit("data", watch.dropped({})))
      return { round: () => Task.all([watch.counted(once(emitter, "data")), emit]) }
    },
  },
  {
    name: "once-that-fails",
    origin: "effect#5221",
    rounds: SOME,
    open: (watch) => {
      const emitter = emitterIn(watch)
      const emit = Task.yield().tap(() => emitter.emit("error", watch.dropped({})))
      return { round: () => Task.all([watch.counted(once(emitter, "data")), emit]).attempt() }
    },
  },
  {
    name: "once-cancelled",
    origin: "effect#3774",
    rounds: SOME,
    open: (watch) => {
      const emitter = emitterIn(watch)
      return { round: () => Task.race([watch.counted(once(emitter, "data")), Task.yield()]) }
    },
  },
  {
    name: "once-dispatched",
    origin: "effect#5221",
    rounds: SOME,
    open: (watch) => {
      const target = watch.target(new EventTarget())
      const dispatch = Task.yield().tap(() => target.dispatchEvent(new Event("ready")))
      return { round: () => Task.all([watch.counted(once(target, "ready")), dispatch]) }
    },
  },
  {
    name: "once-on-a-target-cancelled",
    origin: "node#54614",
    rounds: SOME,
    open: (watch) => {
      const { signal } = watch.controller()
      return { round: () => Task.race([watch.counted(once(signal, "abort")), Task.yield()]) }
    },
  },
]
