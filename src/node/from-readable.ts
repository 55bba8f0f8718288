import { finished, type Readable } from "node:stream"
import { describe } from "../data/index.ts"
import { Stream } from "../stream/index.ts"
import { Task } from "../task/index.ts"
import { destroyed } from "./destroyed.ts"

/**
 * What comes out of one of Node's Readables. `make` is called at each run, when the first element is asked for. Chunks are
 * read as they are asked for, so that it reads no further ahead than its `highWaterMark`. It is destroyed, whatever the
 * end, and its "close" is waited for; no listener is left. Like `for await`, this destroys a Duplex whose readable side
 * has ended.
 *
 * Fails with the error that it emits, the very object, and with `ERR_STREAM_PREMATURE_CLOSE` where it closes before its end.
 * The type of the chunks is the caller's word: bytes, strings after `setEncoding`, anything in object mode.
 *
 * @throws TypeError at the call, if `make` is not a function. At the run, if it returns no Readable.
 *
 * @example
 * ```ts
 * import { fromReadable } from "rapid-fiber/node"
 * const { Readable } = process.getBuiltinModule("node:stream")
 * const numbers = fromReadable<number>(() => Readable.from([1, 2, 3, 4]))
 * await numbers.map((n) => n * n).take(3).toArray() // [1, 4, 9]
 * ```
 */
export function fromReadable<A = Uint8Array>(make: () => Readable): Stream<A> {
  if (typeof make !== "function") throw notAFunction(make)
  return Stream.using(
    Task.sync(() => new Chunks<A>(make())),
    (chunks) => Stream.unfold(chunks, chunks.next),
    (chunks) => chunks.close(),
  )
}

type Step<A> = readonly [chunk: A, next: Chunks<A>] | undefined

/** One run. Who asks is one at a time, as in any stream. */
class Chunks<A> {
  readonly #readable: Readable
  readonly #unwatch: () => void
  #over: { readonly error: unknown } | undefined
  #wake: (() => void) | undefined

  constructor(readable: Readable) {
    mustBeReadable(readable)
    this.#readable = readable
    // From here on, and until it is closed, an error has a listener.
    this.#unwatch = finished(readable, { writable: false }, (error) => {
      this.#over = { error }
      this.#changed()
    })
    readable.on("readable", this.#changed)
  }

  readonly next = (): Step<A> | Task<Step<A>> => {
    if (this.#over !== undefined) {
      const { error } = this.#over
      return error ? (Task.fail(error) as Task<never>) : undefined
    }
    const chunk: A | null = this.#readable.destroyed ? null : this.#readable.read()
    return chunk === null ? this.#change.flatMap(this.#again) : [chunk, this]
  }

  readonly #again = (): Task<Step<A>> => {
    const step = this.next()
    return step instanceof Task ? step : Task.pure(step)
  }

  readonly #change = Task.async<void>((resume) => {
    this.#wake = () => resume(Task.unit)
    return () => {
      this.#wake = undefined
    }
  })

  readonly #changed = (): void => {
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  close(): Task<void> {
    return destroyed(this.#readable).finally(() => {
      this.#readable.off("readable", this.#changed)
      this.#unwatch()
    })
  }
}

function mustBeReadable(given: unknown): void {
  const { read, on, destroy } = (given ?? {}) as Partial<Readable>
  if ([read, on, destroy].every((method) => typeof method === "function")) return
  throw new TypeError(
    `Expected the function of fromReadable to return a Readable, got ${describe(given)}. ` +
      "Of an older stream: new Readable().wrap(stream).",
  )
}

function notAFunction(given: unknown): TypeError {
  return new TypeError(
    `Expected fromReadable to get a function, got ${describe(given)}. ` +
      "Make the Readable at each run: fromReadable(() => …).",
  )
}
