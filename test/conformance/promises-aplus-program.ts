import { AssertionError } from "node:assert"
import { createRequire } from "node:module"
import { type Fiber, Task } from "rapid-fiber"

/**
 * Run by promises-aplus.test.ts, as a process of its own: `program <subject> <path of the suite>`. Writes one line, `report {…}`.
 */
interface Deferred {
  readonly promise: PromiseLike<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (reason: unknown) => void
}

interface Test {
  fullTitle(): string
}

interface Runner {
  on(event: "pass", listener: (test: Test) => void): void
  on(event: "fail", listener: (test: Test) => void): void
}

type Suite = (
  adapter: { readonly deferred: () => Deferred },
  options: { readonly reporter: (runner: Runner) => void; readonly timeout: number; readonly bail: boolean },
  done: () => void,
) => void

const NONE = "no promise"

function withResolvers(): Deferred {
  let [resolve, reject] = [(_value: unknown): void => {}, (_reason: unknown): void => {}]
  const promise = new Promise((...settle) => ([resolve, reject] = settle))
  return { promise, resolve, reject }
}

const subjects: Readonly<Record<string, () => Deferred>> = {
  /** A running task: its handle is the promise. */
  Fiber() {
    let end = (_task: Task<unknown, unknown>): void => {}
    const promise: Fiber<unknown, unknown> = Task.async<unknown, unknown>((resume) => void (end = resume)).run()
    return { promise, resolve: (value) => end(Task.pure(value)), reject: (reason) => end(Task.fail(reason)) }
  },
  /** A value from elsewhere: a fiber that waits for it is the promise. */
  Completable() {
    const { task, resolve, reject } = Task.withResolvers<unknown, unknown>()
    return { promise: task.run(), resolve, reject }
  },
  /** The host's own, which ours need not surpass. */
  Promise: withResolvers,
  /** It calls back before `then` has returned. The suite must notice. */
  [NONE]() {
    const { task, resolve, reject } = Task.withResolvers<unknown, unknown>()
    const then = (...[onFulfilled, onRejected]: Parameters<typeof task.then>): unknown =>
      task
        .map((value) => onFulfilled?.(value))
        .catch((reason) => Task.sync(() => onRejected?.(reason)))
        .run()
    return { promise: { then } as unknown as PromiseLike<unknown>, resolve, reject }
  },
}

const [subject = "", path = ""] = process.argv.slice(2)
const deferred = subjects[subject]
if (deferred === undefined) throw new Error(`Expected one of ${Object.keys(subjects).join(", ")}, got ${subject}`)

let passed = 0
const failures: string[] = []
let stray = 0

// The suite rejects without a handler, but never with an assertion of its own: one that ends here has failed.
process.on("unhandledRejection", (reason) => {
  if (reason instanceof AssertionError) stray++
})

const suite = createRequire(path)(path) as Suite
// The test runner calls it with `new`.
function reporter(runner: Runner): void {
  runner.on("pass", () => passed++)
  runner.on("fail", (test) => failures.push(test.fullTitle()))
}
suite({ deferred }, { reporter, timeout: 2000, bail: subject === NONE }, () => {
  process.stdout.write(`report ${JSON.stringify({ passed, failures, stray })}\n`, () => process.exit())
})
