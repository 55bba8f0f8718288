import { Readable } from "node:stream"
import { CancelledError, describe, type Exit, holdsCancellation, suppress } from "../data/index.ts"
import type { Stream } from "../stream/index.ts"
import { type Fiber, mustKnow, type RunOptions, Task } from "../task/index.ts"
import { mustBeStream } from "./must-be-stream.ts"

/** What the Readable is to be, and how the stream is run. */
export interface ToReadableOptions extends RunOptions {
  /** Elements of any type but null and undefined, each by itself. Default false: bytes and strings. */
  readonly objectMode?: boolean
  /** How much it makes ahead: bytes, or elements in object mode. Default: Node's, 64 KiB (16 KiB before Node 22), or 16. */
  readonly highWaterMark?: number
}

/**
 * One of Node's Readables, of the elements: for responses of `node:http`, for `pipe` and `pipeline`. The stream runs in one
 * fiber, from when it is first read, and makes as much ahead as the `highWaterMark` says. Its failure is the Readable's
 * "error". `destroy()` cancels it, and "close" comes when all is closed. The Readable is for one run: make another for
 * another.
 *
 * @throws TypeError at the call, for what is no Stream and for options that are none.
 *
 * @example
 * ```ts
 * import { toReadable } from "rapid-fiber/node"
 * const { text } = process.getBuiltinModule("node:stream/consumers")
 * await text(toReadable(Stream.of("one, ", "two"))) // "one, two"
 * const numbers = toReadable(Stream.range(0), { objectMode: true, highWaterMark: 2 })
 * const seen: number[] = []
 * for await (const n of numbers) if (seen.push(n) === 3) break // destroys it, which cancels the stream
 * seen // [0, 1, 2]
 * ```
 */
export function toReadable(stream: Stream<string | Uint8Array, unknown>, options?: ToReadableOptions): Readable
export function toReadable(
  stream: Stream<unknown, unknown>,
  options: ToReadableOptions & { readonly objectMode: true },
): Readable
export function toReadable(stream: Stream<unknown, unknown>, options: ToReadableOptions = {}): Readable {
  mustBeStream(stream, "toReadable")
  mustKnow(options, ["objectMode", "highWaterMark", "name", "signal", "runtime"], "toReadable")
  const { objectMode = false, highWaterMark, ...running } = options
  let begun = false
  let fiber: Fiber<unknown, unknown> | undefined
  let exit: Exit<unknown> | undefined
  const demand = new Demand()
  const give = (element: unknown): Task<void> | void => {
    mustBeChunk(element, objectMode)
    demand.taken()
    if (!readable.push(element)) return demand.wait
  }
  const readable = new Readable({
    objectMode,
    ...(highWaterMark === undefined ? {} : { highWaterMark }),
    read() {
      demand.asked()
      if (begun) return
      begun = true
      fiber = stream.forEach(give).run({ name: "toReadable", ...running })
      fiber.onExit((its) => {
        exit = its
        if (its.status === "fulfilled") readable.push(null)
        else readable.destroy(reasonOf(its))
      })
      // By the stream itself, while it ran for the first time.
      if (readable.destroyed) fiber.abort()
    },
    destroy(error, callback) {
      if (fiber === undefined || exit !== undefined) return callback(error)
      fiber.abort(error ?? undefined)
      fiber.onExit((its) => callback(its.status === "rejected" ? joined(its.reason, error) : error))
    },
  })
  return readable
}

/** Whether more is wanted. It may be asked for while an element is being handed over. */
class Demand {
  #wanted = false
  #wake: (() => void) | undefined

  asked(): void {
    this.#wanted = true
    const wake = this.#wake
    this.#wake = undefined
    wake?.()
  }

  taken(): void {
    this.#wanted = false
  }

  readonly wait: Task<void> = Task.async<void>((resume) => {
    if (this.#wanted) return resume(Task.unit)
    this.#wake = () => resume(Task.unit)
    return () => {
      this.#wake = undefined
    }
  })
}

/** To Node null is the end, undefined nothing, and what else it cannot take an error without a remedy. */
function mustBeChunk(element: unknown, objectMode: boolean): void {
  if (typeof element === "string" || element instanceof Uint8Array) return
  if (!objectMode) {
    throw new TypeError(
      `Expected the elements of toReadable to be strings or bytes, got ${describe(element)}. ` +
        "For elements of any type: { objectMode: true }.",
    )
  }
  if (element !== null && element !== undefined) return
  throw new TypeError(
    `Expected the elements of toReadable not to be null or undefined, got ${describe(element)}. Filter them out.`,
  )
}

/** Node takes what is falsy for no error. */
function reasonOf(exit: Exit<unknown> & { readonly reason: unknown }): Error {
  if (exit.status === "cancelled") return new CancelledError(exit.reason)
  const { reason } = exit
  // What was thrown, the very thing: Node passes on what is no Error as well.
  return reason ? (reason as Error) : new Error(`The stream failed with ${describe(reason)}`, { cause: reason })
}

/** What a run that was cancelled has failed with knows of the cancellation already, and so of its reason. */
function joined(failure: unknown, error: Error | null): Error {
  return (error === null || holdsCancellation(failure) ? failure : suppress(failure, error)) as Error
}
