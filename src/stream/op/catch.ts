import { type Policy, Task } from "../../task/index.ts"
import { type AnyTask, closing, NONE, type Open, type Plan, type Pull, type Run } from "../pull.ts"
import { planOf } from "../source/from.ts"
import { empty } from "../source/values.ts"

/** What is to be done about a failure: go on with this, after that; or undefined, to let it be. */
interface Remedy<A> {
  readonly plan: () => Plan<A>
  readonly before: AnyTask | undefined
}

/** What a source has emitted stays emitted. When it fails it is closed, and then comes what `remedy` says. */
function recovering<A>(from: Plan<A>, make: (run: Run) => (failure: unknown) => Remedy<A> | undefined): Open<A> {
  return (run) => {
    const remedyFor = make(run)
    let pull: Pull<A> = from.open(run)
    let remedy: Remedy<A> | undefined
    const failed = (failure: unknown): boolean => (remedy = remedyFor(failure)) !== undefined
    const forget = (): void => {
      pull = empty.open(run)
    }
    const next = (): A | typeof NONE => {
      if (remedy !== undefined) {
        if (pull.close !== undefined) return closing(run, pull.close, forget)
        const { plan, before } = remedy
        if (before !== undefined) {
          remedy = { plan, before: undefined }
          return run.await(before)
        }
        remedy = undefined
        pull = plan().open(run)
      }
      try {
        const element = pull.next()
        if (element === NONE && run.wait !== undefined) run.wait = run.wait.catch(waitFailed)
        return element
      } catch (failure) {
        if (failed(failure)) return next()
        throw failure
      }
    }
    const waitFailed = (failure: unknown): AnyTask => (failed(failure) ? Task.unit : Task.fail(failure))
    return { next, close: () => pull.close?.() }
  }
}

export function catching<A, B>(
  from: Plan<A>,
  handles: (failure: unknown) => boolean,
  handler: (failure: unknown) => unknown,
): Open<A | B> {
  return recovering<A | B>(from, () => {
    let handled = false
    return (failure) => {
      if (handled || !handles(failure)) return undefined
      handled = true
      return { plan: () => planOf<A | B>(handler(failure), "what the handler of catch returns"), before: undefined }
    }
  })
}

export function retrying<A>(from: Plan<A>, policy: Policy<unknown>): Open<A> {
  return recovering(from, (run) => {
    const { clock, random } = run.fiber.loop
    const step = policy.start({ random, wall: () => clock.wall() })
    const began = run.now()
    return (failure) => {
      const due = step(failure, run.now() - began)
      if (due === undefined) return undefined
      return { plan: () => from, before: typeof due === "number" ? Task.sleep(due) : Task.unit.at(due) }
    }
  })
}
