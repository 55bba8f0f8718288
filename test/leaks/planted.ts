import { EventEmitter } from "node:events"
import { Task } from "rapid-fiber"
import { type Shape, SOME } from "./shape.ts"

/** What the planted leak leaks: 32 bytes, the least that an object with a field takes. */
class Link {
  readonly next: Link | undefined
  constructor(next: Link | undefined) {
    this.next = next
  }
}

const origin = "planted"
const rounds = SOME

interface Planted extends Shape {
  /** What the gate is to say. */
  readonly told: RegExp
  /** It can be told by the heap alone. */
  readonly bytes?: true
}

/** Shapes that leak, each in one way alone, so that the gate can be seen to fail. */
export const planted: readonly Planted[] = [
  {
    name: "planted-bytes",
    origin,
    rounds,
    bytes: true,
    told: /^leak: (1[4-9]|[23]\d)\.\d\d ± /,
    open: () => {
      // In every other round: 16 bytes per round.
      let kept: Link | undefined
      let count = 0
      return { round: () => Task.sync(() => void (count++ % 2 === 0 && (kept = new Link(kept)))) }
    },
  },
  {
    name: "planted-listener",
    origin,
    rounds,
    told: /^1 listeners left$/,
    open: (watch) => {
      const { signal } = watch.controller()
      const listener = (): void => {}
      return { round: () => Task.sync(() => signal.addEventListener("abort", listener, { once: true })) }
    },
  },
  {
    name: "planted-emitter-listener",
    origin,
    rounds,
    told: /^1 listeners left$/,
    open: (watch) => {
      const emitter = new EventEmitter()
      watch.listening(() => emitter.listenerCount("data"))
      emitter.on("data", () => {})
      return { round: () => Task.unit }
    },
  },
  {
    name: "planted-timer",
    origin,
    rounds,
    told: /^1 host timers left$/,
    open: () => {
      let timer: ReturnType<typeof setTimeout> | undefined
      return {
        round: () => Task.sync(() => (timer ??= setTimeout(() => {}, 60_000))),
        close: () => clearTimeout(timer),
      }
    },
  },
  {
    name: "planted-lingering-timer",
    origin,
    rounds,
    told: /^a process that stays alive$/,
    open: () => ({ round: () => Task.unit, close: () => void setInterval(() => {}, 60_000) }),
  },
  {
    name: "planted-fiber",
    origin,
    rounds,
    told: /^1 fibers left\na runtime that had something left to cancel$/,
    open: (watch) => {
      const lost = watch.counted(Task.never)
      let started = false
      return {
        round: () =>
          Task.sync(() => {
            if (!started) lost.run({ runtime: watch.runtime })
            started = true
          }),
      }
    },
  },
  {
    name: "planted-retained",
    origin,
    rounds,
    bytes: true,
    told: /^1 retained things left$/,
    open: (watch) => {
      let kept: object | undefined
      return { round: () => Task.sync(() => void (kept = watch.dropped({ before: kept === undefined }))) }
    },
  },
]
