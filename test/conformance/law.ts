import type { Adapted, Adapter, Extras, Program } from "./adapter.ts"

/** One statement about every library, with the place where it was first made. */
export interface Law {
  readonly origin: string
  readonly name: string
  /** The extras that it speaks of. */
  readonly needs: readonly (keyof Extras)[]
  /** The decision (docs/decisions.md) by which this library means to be different. */
  readonly differs?: string
  readonly check: (adapter: Adapted) => Promise<void>
}

export interface Suite {
  readonly name: string
  readonly laws: readonly Law[]
}

type Check<K extends keyof Extras> = (adapter: Adapter & Pick<Extras, K>) => Promise<void>

/** A law about what every library has, or about the extras it names. */
export function law(origin: string, name: string, check: Check<never>): Law
export function law<const K extends keyof Extras>(
  origin: string,
  name: string,
  needs: readonly K[],
  check: Check<K>,
): Law
export function law(origin: string, name: string, ...rest: readonly unknown[]): Law {
  const needs = rest.length === 1 ? [] : (rest[0] as (keyof Extras)[])
  // The runner has seen to it that the adapter has what is needed.
  return { origin, name, needs, check: rest.at(-1) as Law["check"] }
}

/** A law of others that does not hold here, on purpose. */
export function differs(decision: string, origin: string, name: string): Law {
  return { origin, name, needs: [], differs: decision, check: () => Promise.reject(new Error(decision)) }
}

/** Why a law cannot be checked on this library, if so. */
export function reasonToSkip({ needs, differs }: Law, adapter: Adapted): string | undefined {
  if (differs !== undefined) return `differs by ${differs}`
  const lacking = needs.filter((need) => adapter[need] === undefined)
  return lacking.length === 0 ? undefined : `${adapter.name} has no ${lacking.join(", ")}`
}

// --- what many laws say ----------------------------------------------------------------------------------------------

/** A program that writes a word down. */
export const note = (a: Adapter, log: unknown[], word: unknown): Program<void> => a.sync(() => void log.push(word))

/** One program after the other, with the value of the second. */
export const andThen = <A>(a: Adapter, first: Program<unknown>, second: Program<A>): Program<A> =>
  a.flatMap(first, () => second)

/** Waits after a word has been written: for the others to see that it runs. */
export const noted = <A>(a: Adapter, log: unknown[], word: unknown, next: Program<A>): Program<A> =>
  andThen(a, note(a, log, word), next)

/** A program that never ends, and a program that waits until it has begun. */
export function endless(a: Adapter): { readonly program: Program<never>; readonly begun: Program<void> } {
  const begun = a.deferred<void>()
  return {
    program: andThen(
      a,
      a.sync(() => void begun.resolve()),
      a.never,
    ),
    begun: begun.wait,
  }
}

/** Gives others so many turns. */
export const turns = (a: Adapter, count: number): Program<void> =>
  a.gen(function* () {
    for (let i = 0; i < count; i++) yield* a.yield()
  })

/** Gives others turns until something is so; what does not come about is a failure. */
export const until = (a: Adapter, condition: () => boolean): Program<void> =>
  a.gen(function* () {
    for (let left = 10_000; !condition(); left--) {
      if (left === 0) throw new Error(`Expected it to come about: ${String(condition)}`)
      yield* a.yield()
    }
  })

/** Everything that a failure joins. */
export function joined(reason: unknown): unknown[] {
  if (!(reason instanceof Error) || reason.name !== "SuppressedError") return [reason]
  const { error, suppressed } = reason as Error & { readonly error: unknown; readonly suppressed: unknown }
  return [...joined(error), ...joined(suppressed)]
}

export const fulfilled = <A>(value: A) => ({ status: "fulfilled", value })
export const rejected = (reason: unknown) => ({ status: "rejected", reason })
export const cancelled = (reason?: unknown) => ({ status: "cancelled", reason })
