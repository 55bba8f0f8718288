import { finished, type Writable } from "node:stream"
import { CancelledError, describe, type Exit } from "../data/index.ts"
import type { Stream } from "../stream/index.ts"
import { mustKnow, Task } from "../task/index.ts"
import { destroyed } from "./destroyed.ts"
import { mustBeStream } from "./must-be-stream.ts"

/** What `pipeInto` may be told. */
export interface PipeIntoOptions {
  /**
   * false: the Writable is left open, whatever the outcome, as `process.stdout` must be; the end of the task is then when all
   * has been written. Default true.
   */
  readonly end?: boolean
}

/**
 * Writes all elements into one of Node's Writables, and ends it. `make` is called when the task runs. After a write that
 * says that it is full, "drain" is waited for before the next element is asked for. The task ends when the Writable has
 * finished and is closed. A failure and a cancellation destroy it, and wait for its "close"; no listener is left.
 *
 * Fails with the error that it emits, the very object, at once, also while the stream is waiting for something; and with
 * `ERR_STREAM_PREMATURE_CLOSE` where it is closed by somebody else.
 *
 * @throws TypeError at the call, for what is no Stream, if `make` is not a function, and for options that are none.
 *
 * @example
 * ```ts
 * import { pipeInto } from "rapid-fiber/node"
 * const { Writable } = process.getBuiltinModule("node:stream")
 * const written: string[] = []
 * const slow = () =>
 *   new Writable({
 *     objectMode: true,
 *     write(chunk, _encoding, done) {
 *       written.push(chunk)
 *       setTimeout(done, 1)
 *     },
 *   })
 * await pipeInto(Stream.of("a", "b", "c"), slow)
 * written // ["a", "b", "c"]
 * ```
 */
export function pipeInto<E>(
  stream: Stream<unknown, E>,
  make: () => Writable,
  options: PipeIntoOptions = {},
): Task<void, E> {
  mustBeStream(stream, "pipeInto")
  if (typeof make !== "function") throw notAFunction(make)
  mustKnow(options, ["end"], "pipeInto")
  const owned = options.end ?? true
  return Task.bracket(
    Task.sync(() => new Destination(make())),
    (to) => Task.race([stream.forEach(to.write).andThen(owned ? to.end : to.written), to.broken]),
    (to, exit) => to.close(owned, exit),
  )
}

/** One run of it. */
class Destination {
  readonly #writable: Writable
  readonly #unwatch: () => void
  readonly #waiting = new Set<() => void>()
  #pending = 0
  #over: { readonly error: unknown } | undefined

  constructor(writable: Writable) {
    mustBeWritable(writable)
    this.#writable = writable
    // From here on, and until it is closed, an error has a listener.
    this.#unwatch = finished(writable, { readable: false }, (error) => {
      this.#over = { error }
      this.#changed()
    })
    writable.on("drain", this.#changed)
  }

  readonly #changed = (): void => {
    for (const look of this.#waiting) look()
  }

  readonly #taken = (): void => {
    if (--this.#pending === 0) this.#changed()
  }

  /** Waits until it is so; the fiber may go on inside the event. */
  #until(ready: () => boolean, start: () => void = () => {}): Task<void> {
    return Task.async<void>((resume) => {
      const look = (): void => {
        if (!ready()) return
        this.#waiting.delete(look)
        resume(Task.unit)
      }
      this.#waiting.add(look)
      start()
      look()
      return () => void this.#waiting.delete(look)
    })
  }

  readonly write = (element: unknown): Task<void> | void => {
    if (this.#over !== undefined) throw this.#over.error ?? endedEarly()
    this.#pending++
    if (!this.#writable.write(element, this.#taken)) return this.#drained
  }

  readonly #drained = this.#until(() => this.#over !== undefined || !this.#writable.writableNeedDrain)

  readonly written: Task<void> = this.#until(() => this.#over !== undefined || this.#pending === 0)

  readonly end: Task<void> = this.#until(
    () => this.#over !== undefined,
    () => void this.#writable.end(),
  )

  /** Never succeeds: fails when the Writable does. */
  readonly broken: Task<never> = this.#until(() => Boolean(this.#over?.error)).flatMap(
    () => Task.fail(this.#over?.error) as Task<never>,
  )

  close(owned: boolean, exit: Exit<unknown>): Task<void> {
    const closed = owned && exit.status !== "fulfilled" ? destroyed(this.#writable, reasonOf(exit)) : Task.unit
    return closed.finally(() => {
      this.#writable.off("drain", this.#changed)
      this.#unwatch()
    })
  }
}

function reasonOf(exit: Exit<unknown> & { readonly reason: unknown }): unknown {
  return exit.status === "cancelled" ? new CancelledError(exit.reason) : exit.reason
}

function endedEarly(): Error {
  return new Error(
    "Expected the Writable of pipeInto to be open until the stream has ended, got one that somebody else has ended. " +
      "Leave the end to pipeInto.",
  )
}

function mustBeWritable(given: unknown): void {
  const { write, end, on, destroy } = (given ?? {}) as Partial<Writable>
  if ([write, end, on, destroy].every((method) => typeof method === "function")) return
  throw new TypeError(
    `Expected the function of pipeInto to return a Writable, got ${describe(given)}. Of a Web stream: stream.pipeTo(…).`,
  )
}

function notAFunction(given: unknown): TypeError {
  return new TypeError(
    `Expected pipeInto to get a function, got ${describe(given)}. ` +
      "Make the Writable at each run: pipeInto(stream, () => …).",
  )
}
