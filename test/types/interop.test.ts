import { EventEmitter } from "node:events"
import { readFile, rm } from "node:fs"
import { describe, expect, expectTypeOf, it } from "vitest"
import {
  EmptyError,
  fromCallback,
  fromObservable,
  once,
  type Subscription,
  Task,
  type TaskObservable,
  toObservable,
  Unique,
} from "rapid-fiber"

/** Checked by `tsc -p test`; run by vitest only so that they are counted. */
declare const element: HTMLElement
declare const socket: WebSocket
declare const page: Window

/** As RxJS declares it. */
interface RxObserver<T> {
  next: (value: T) => void
  error: (err: unknown) => void
  complete: () => void
}
interface RxObservable<T> {
  subscribe(observerOrNext?: Partial<RxObserver<T>> | ((value: T) => void)): Subscription
  subscribe(
    next?: ((value: T) => void) | null,
    error?: ((error: unknown) => void) | null,
    complete?: (() => void) | null,
  ): Subscription
}
declare const rx: RxObservable<number>
interface RxSubscribable<T> {
  subscribe(observer: Partial<RxObserver<T>>): { unsubscribe(): void }
}
declare function rxFrom<T>(input: { [Symbol.observable]: () => RxSubscribable<T> }): RxObservable<T>

/** As zen-observable and XState declare it. */
interface ZenObserver<T> {
  next?(value: T): void
  error?(error: unknown): void
  complete?(): void
}
declare const zen: {
  subscribe(observer: ZenObserver<number>): Subscription
  subscribe(onNext: (value: number) => void, onError?: (error: unknown) => void, onComplete?: () => void): Subscription
}

/** As Redux declares it. */
declare const store: {
  subscribe(listener: () => void): () => void
  [Symbol.observable](): { subscribe: (observer: { next?(value: number): void }) => { unsubscribe(): void } }
}

/** Never called: types only. */
function observables() {
  return {
    rx: fromObservable(rx),
    first: fromObservable(rx, { take: "first" }),
    zen: fromObservable(zen),
    store: fromObservable(store, { take: "first" }),
    own: fromObservable(toObservable(Task.pure("x"))),
    back: toObservable(Task.pure(1).andThen(Task.fail("e"))),
    handedOver: rxFrom(toObservable(Task.pure(1))),
  }
}

function events() {
  return {
    click: once(element, "click"),
    message: once(socket, "message"),
    hash: once(page, "hashchange"),
    own: once(new EventTarget(), "own"),
    emitted: once(new EventEmitter(), "data"),
    told: once<[chunk: Buffer]>(new EventEmitter(), "data"),
    symbol: once(new EventEmitter(), Symbol("x")),
    typed: once(new EventEmitter<{ data: [string, number] }>(), "data"),
  }
}

describe("types of interop", () => {
  it("fromCallback yields what it is told", () => {
    expectTypeOf(fromCallback<string>((callback) => readFile("x", "utf8", callback))).toEqualTypeOf<Task<string>>()
    expectTypeOf(fromCallback<void>((callback) => rm("x", callback))).toEqualTypeOf<Task<void>>()
    expectTypeOf(fromCallback((callback) => callback(null))).toEqualTypeOf<Task<unknown>>()
    expectTypeOf(
      fromCallback<string>((callback, signal) => readFile("x", { encoding: "utf8", signal }, callback)),
    ).toEqualTypeOf<Task<string>>()
    // @ts-expect-error a value of another type
    fromCallback<number>((callback) => callback(null, "x"))
  })

  it("once yields the event of the target, or the arguments of the emitter", () => {
    type Events = ReturnType<typeof events>
    expectTypeOf<Events["click"]>().toEqualTypeOf<Task<PointerEvent>>()
    expectTypeOf<Events["message"]>().toEqualTypeOf<Task<MessageEvent>>()
    expectTypeOf<Events["hash"]>().toEqualTypeOf<Task<HashChangeEvent>>()
    expectTypeOf<Events["own"]>().toEqualTypeOf<Task<Event>>()
    expectTypeOf<Events["emitted"]>().toEqualTypeOf<Task<unknown[]>>()
    expectTypeOf<Events["told"]>().toEqualTypeOf<Task<[chunk: Buffer]>>()
    expectTypeOf<Events["symbol"]>().toEqualTypeOf<Task<unknown[]>>()
    expectTypeOf<Events["typed"]>().toEqualTypeOf<Task<unknown[]>>()
    // @ts-expect-error no source of events
    expect(() => once({}, "x")).toThrow(TypeError)
    // @ts-expect-error no way to take a listener back
    expect(() => once({ on() {} }, "x")).toThrow(TypeError)
  })

  it("observables of other libraries keep the type of their values, both ways", () => {
    type Observables = ReturnType<typeof observables>
    expectTypeOf<Observables["rx"]>().toEqualTypeOf<Task<number, EmptyError>>()
    expectTypeOf<Observables["first"]>().toEqualTypeOf<Task<number, EmptyError>>()
    expectTypeOf<Observables["zen"]>().toEqualTypeOf<Task<number, EmptyError>>()
    expectTypeOf<Observables["store"]>().toEqualTypeOf<Task<number, EmptyError>>()
    expectTypeOf<Observables["own"]>().toEqualTypeOf<Task<string, EmptyError>>()
    expectTypeOf<Observables["back"]>().toEqualTypeOf<TaskObservable<never>>()
    expectTypeOf<Observables["handedOver"]>().toEqualTypeOf<RxObservable<number>>()
    const handled = (task: Observables["rx"]) => task.catch(EmptyError, () => Task.pure("none"))
    expectTypeOf<ReturnType<typeof handled>>().toEqualTypeOf<Task<number | string>>()
    // @ts-expect-error no observable
    expect(() => fromObservable({})).toThrow(TypeError)
  })

  it("Unique yields strings, and the pool is a bigint", () => {
    expectTypeOf(Unique.make()).toEqualTypeOf<Task<string>>()
    expectTypeOf(Unique.uuid).toEqualTypeOf<Task<string>>()
    expectTypeOf(Unique.poolSize()).toEqualTypeOf<bigint>()
    // @ts-expect-error a length is a number
    expect(() => Unique.make({ length: "8" })).toThrow(RangeError)
  })
})
