import { describe } from "../data/index.ts"
import { Task } from "../task/index.ts"

/**
 * Wraps a function of Node's callback convention, `(error, value) => …`, at each run anew. An `error` of `null` or
 * `undefined` means success, and the task yields `value`; any other is the failure, the same object, as is what `f`
 * throws. The first call of the callback counts; later ones, and those after a cancellation, are ignored. State the type
 * of the value: `fromCallback<string>(…)`; without one it is unknown, and `void` is the type where there is none.
 *
 * Cancellation stops the wait and not the work, which such functions cannot stop, unless they take an AbortSignal: if `f`
 * declares a second parameter, it gets one that is aborted when the fiber is cancelled. Either way the fiber does not
 * wait for the work. An API of another convention, or one that returns what stops it: `Task.async`.
 *
 * @throws TypeError at the call, if `f` is not a function.
 *
 * @example
 * ```ts
 * const half = (n: number, callback: (error: Error | null, value?: number) => void) =>
 *   n % 2 === 0 ? callback(null, n / 2) : callback(new RangeError(`${n} is odd`))
 * await fromCallback<number>((callback) => half(4, callback)) // 2
 * await fromCallback<number>((callback) => half(3, callback)).catch((error) => Task.pure(error.message)) // "3 is odd"
 * ```
 */
export function fromCallback<A>(
  f: (callback: (error: unknown, value?: A) => void, signal: AbortSignal) => unknown,
): Task<A> {
  if (typeof f !== "function") {
    throw new TypeError(`Expected fromCallback to get a function that takes a callback, got ${describe(f)}.`)
  }
  // What `f` returns is dropped: `Task.async` would take it for the cleanup. The signal is made for who declares it.
  if (f.length < 2) {
    return Task.async<A>((resume) => void (f as (callback: Callback<A>) => unknown)(settling(resume)))
  }
  return Task.async<A>((resume, { signal }) => void f(settling(resume), signal))
}

type Callback<A> = (error: unknown, value?: A) => void

function settling<A>(resume: (task: Task<A>) => void): Callback<A> {
  return (error, value) => {
    // Who succeeds without a value has said that `A` admits undefined.
    resume(error === undefined || error === null ? Task.pure(value as A) : (Task.fail(error) as Task<never>))
  }
}
