import { type Policy, Task } from "../../task/index.ts"
import { suppress } from "../../data/index.ts"
import { type AnyTask, type None, NONE, type Open, type Plan, type Pull, type Run } from "../pull.ts"
import { planOf } from "../source/from.ts"

/** What is to be done about a failure: go on with this, after that; or undefined, to let it be. */
interface Remedy<A> {
  readonly plan: () => Plan<A>
  readonly before: AnyTask
  /** What comes is watched as well. */
  readonly again: boolean
}

type RemedyFor<A> = (failure: unknown) => Remedy<A> | undefined

/** A source, and what is to be done about its failures. */
interface Watch<A> {
  readonly source: Pull<A>
  readonly remedyFor: RemedyFor<A>
}

/** A pull that says what it is made of, as long as it has not been asked. */
interface Watched<A> extends Pull<A> {
  readonly watch: Watch<A>
}

const nothing = (): undefined => undefined

/**
 * What a source has emitted stays emitted. When it fails it is closed, and then comes what `remedy` says. It is closed here
 * at its end, too, so that what its cleanups fail with is met as well, joined to what it has failed with before.
 *
 * A handler that answers with another catch is the usual recursion: that one takes the place of this one, whose work is done.
 */
function recovering<A>(from: Plan<A>, make: (run: Run) => RemedyFor<A>): Open<A> {
  return (run) => {
    const watch: Watch<A> = { source: from.open(run), remedyFor: make(run) }
    let { remedyFor } = watch
    let pull: Pull<A> | undefined = watch.source
    let remedy: Remedy<A> | undefined
    let failure: { readonly reason: unknown } | undefined
    let ended = false
    const failed = (reason: unknown): Task<void> => {
      failure = { reason: failure === undefined ? reason : suppress(reason, failure.reason) }
      return Task.unit
    }
    const close = (): AnyTask => {
      const closed = pull?.close?.() ?? Task.unit
      pull = undefined
      return closed.catch(failed)
    }
    const next = (): A | None => {
      if (remedy !== undefined) {
        const { plan, again } = remedy
        remedy = undefined
        pull = plan().open(run)
        if (!again) {
          const inner = (pull as Partial<Watched<A>>).watch
          remedyFor = inner?.remedyFor ?? nothing
          pull = inner?.source ?? pull
        }
      }
      try {
        if (pull !== undefined && !ended && failure === undefined) {
          const element = pull.next()
          if (element !== NONE) return element
          if (run.wait !== undefined) return run.await(run.wait.catch(failed))
          ended = true
        }
      } catch (reason) {
        void failed(reason)
      }
      if (pull?.close !== undefined) {
        ended = true
        return run.await(Task.uncancelable(close))
      }
      if (failure === undefined) return run.end()
      remedy = remedyFor(failure.reason)
      if (remedy === undefined) throw failure.reason
      failure = undefined
      ended = false
      return run.await(remedy.before)
    }
    return { next, close: () => pull?.close?.(), watch } as Watched<A>
  }
}

export function catching<A, B>(
  from: Plan<A>,
  handles: (failure: unknown) => boolean,
  handler: (failure: unknown) => unknown,
): Open<A | B> {
  return recovering<A | B>(from, () => (failure) => {
    if (!handles(failure)) return undefined
    const plan = (): Plan<A | B> => planOf<A | B>(handler(failure), "what the handler of catch returns")
    return { plan, before: Task.unit, again: false }
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
      return { plan: () => from, before: typeof due === "number" ? Task.sleep(due) : Task.unit.at(due), again: true }
    }
  })
}
