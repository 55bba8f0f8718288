import { type Runtime, Task } from "rapid-fiber"

/** How many things are watched at once; a round's are no longer of interest after so many. */
const WEAK = 64

/** What a shape leaves behind, beside memory. Everything is counted up and down, so that watching retains nothing. */
export class Watch {
  /** The runtime of the measured fibers. What lives on belongs to the default runtime. */
  readonly runtime: Runtime
  /** Listeners added and not removed. That a listener is for one time only does not count as removed. */
  get listeners(): number {
    return this.#added + this.#counts.reduce((sum, count) => sum + count(), 0)
  }
  /** Fibers begun and not ended. */
  fibers = 0
  /** Iterators, subscriptions and resources opened and not closed. */
  open = 0
  #added = 0
  #watched = 0
  readonly #counts: (() => number)[] = []
  readonly #weak = new Array<WeakRef<object> | undefined>(WEAK).fill(undefined)

  constructor(runtime: Runtime) {
    this.runtime = runtime
  }

  /** Counts the listeners that are added to the target, and removed, from now on. */
  target<T extends EventTarget>(target: T): T {
    const listeners = new Map<string, Set<unknown>>()
    const add = target.addEventListener.bind(target)
    const remove = target.removeEventListener.bind(target)
    target.addEventListener = (type: string, listener: never, options?: never) => {
      const known = listeners.get(type) ?? new Set()
      listeners.set(type, known)
      if (!known.has(listener)) this.#added++
      known.add(listener)
      add(type, listener, options)
    }
    target.removeEventListener = (type: string, listener: never, options?: never) => {
      if (listeners.get(type)?.delete(listener)) this.#added--
      remove(type, listener, options)
    }
    return target
  }

  /** The signal of a new controller, watched. */
  controller(): AbortController {
    const controller = new AbortController()
    this.target(controller.signal)
    return controller
  }

  /** For what counts its listeners itself. */
  listening(count: () => number): void {
    this.#counts.push(count)
  }

  /** The task; its fiber counts until it has ended. */
  counted<A, E>(task: Task<A, E>): Task<A, E> {
    return Task.uncancelable((restore) => {
      this.fibers++
      return restore(task).finally(() => void this.fibers--)
    })
  }

  /** Nobody is to hold this when the rounds are over. */
  dropped<T extends object>(thing: T): T {
    this.#weak[this.#watched++ % WEAK] = new WeakRef(thing)
    return thing
  }

  /** Those that somebody holds all the same; to be asked after a collection. */
  get retained(): number {
    return this.#weak.filter((ref) => ref?.deref() !== undefined).length
  }
}
