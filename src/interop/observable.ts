/**
 * What `fromObservable` and `toObservable` share: the parts of an observable, by structure, and the names under which one
 * library hands an observable to another.
 */

/** Who listens to an observable. */
export interface Observer<in A> {
  next(value: A): void
  error(error: unknown): void
  complete(): void
}

/** What `fromObservable` takes for an observable, by structure. */
export type ObservableLike<A> = Subscribable<A> | { [Symbol.observable](): Subscribable<A> }

/**
 * What can be subscribed to. It is handed an observer object. That the type says "and a function" lets TypeScript read
 * the type of the values from the last overload of other libraries.
 */
export interface Subscribable<A> {
  subscribe(observer: Observer<A> & ((value: A) => void), options?: { readonly signal: AbortSignal }): unknown
}

/** What `subscribe` of `toObservable` gives back. */
export interface Subscription {
  /** Cancels the fiber, if it still runs. The observer hears nothing from then on. */
  unsubscribe(): void
  /** True when the observer will hear nothing any more. */
  readonly closed: boolean
}

/** A task as an observable that other libraries take, too: `from(toObservable(task))` in RxJS. */
export interface TaskObservable<out A> {
  subscribe(observer: Partial<Observer<A>> | ((value: A) => void)): Subscription
  [Symbol.observable](): TaskObservable<A>
  "@@observable"(): TaskObservable<A>
}

declare global {
  // As RxJS, Redux and zen-observable declare it, so that their types know a TaskObservable. It may be missing all the same.
  interface SymbolConstructor {
    readonly observable: symbol
  }
}

/** The key for who has no `Symbol.observable`. */
export const FALLBACK = "@@observable"

/** A polyfill may have put it there, also after this was loaded. */
export function observableSymbol(): symbol | undefined {
  return (Symbol as { readonly observable?: symbol }).observable
}
