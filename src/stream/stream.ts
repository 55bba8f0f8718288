import { type Duration, type TimeoutError, toMillis } from "../data/index.ts"
import {
  type Cleanup,
  limitOf,
  mustBeClass,
  mustBeFunction,
  mustBeTask,
  mustBeTaskOrFunction,
  mustKnow,
  type Policy,
  policyOf,
  type Restore,
  type RunOptions,
  type ScheduleOptions,
  Task,
} from "../task/index.ts"
import { bufferOf, countOf, mustBeFunctions, mustBeWritable, mustDecode } from "./checks.ts"
import { mayReturnTask, returnsTask } from "./callbacks.ts"
import { broadcast } from "./op/broadcast.ts"
import { buffer } from "./op/buffer.ts"
import { catching, retrying } from "./op/catch.ts"
import { concat } from "./op/concat.ts"
import { collect, filter, filterWith, intersperse, map, scan, take, takeWhile } from "./op/elements.ts"
import { flatMap } from "./op/flat-map.ts"
import { groupBy } from "./op/group-by.ts"
import { chunk, groupAdjacent, sliding, split } from "./op/groups.ts"
import { lastly, onEnd, onFirst } from "./op/hooks.ts"
import { mapOrdered, mapUnordered } from "./op/map-concurrently.ts"
import { mapTask, tap } from "./op/map-task.ts"
import { mergeAll } from "./op/merge.ts"
import { share } from "./op/share.ts"
import { switchMap } from "./op/switch-map.ts"
import { decode, encode, lines } from "./op/text.ts"
import { chunkWithin, debounce, sample, throttle, timeout } from "./op/timed.ts"
import { forEachOf } from "./op/workers.ts"
import { interleave, zipAll, zipWith } from "./op/zip.ts"
import { firstOf, NONE, type Open, type Plan } from "./pull.ts"
import { iterate } from "./sink/iterate.ts"
import { collected, into, reduce } from "./sink/ends.ts"
import { type PipeOptions, pipeThrough, pipeTo, readable } from "./sink/web.ts"
import { planOf, type Takable } from "./source/from.ts"
import { range } from "./source/range.ts"
import { schedule } from "./source/schedule.ts"
import { paginate, unfold, type Unfolded } from "./source/unfold.ts"
import { using } from "./source/using.ts"
import { empty, values } from "./source/values.ts"

declare const failure: unique symbol

/** What `Stream.from`, and callbacks that return streams, take for one. */
export type StreamLike<A, E = never> =
  | Stream<A, E>
  | Iterable<A>
  | AsyncIterable<A>
  | ReadableStream<A>
  | Task<A, E>
  | Takable<A>

/** What the elements of something like a stream are. */
export type ElementOf<S> =
  S extends Stream<infer A, unknown>
    ? A
    : S extends Task<infer A, unknown>
      ? A
      : S extends AsyncIterable<infer A>
        ? A
        : S extends ReadableStream<infer A>
          ? A
          : S extends Iterable<infer A>
            ? A
            : S extends Takable<infer A>
              ? A
              : never

/** The failures that something like a stream declares. */
export type StreamFailureOf<S> = S extends Stream<unknown, infer E> ? E : S extends Task<unknown, infer E> ? E : never

/** How many at once, and what may wait. */
export interface ParallelOptions {
  /** How many run at once. An integer >= 1, or Infinity. Default 1. */
  readonly concurrency?: number
  /** Results come in the order of their elements; false: as they are ready. Default true. */
  readonly ordered?: boolean
  /**
   * How many results may be there beside those that run, before they are asked for. An integer >= 0. Default `concurrency`;
   * none where that is 1.
   */
  readonly buffer?: number
}

/** How many streams at once, and what may wait. */
export interface MergeOptions {
  /** How many streams run at once. An integer >= 1, or Infinity. Default Infinity. */
  readonly concurrency?: number
  /** How many elements may wait to be asked for, beside one of each stream. An integer >= 1. Default 16. */
  readonly buffer?: number
}

/** What may wait to be asked for. */
export interface BufferOptions {
  /** How many elements. An integer >= 1. Default 16. */
  readonly buffer?: number
}

/** What `share` may be told. */
export interface ShareOptions extends BufferOptions {
  /** How many of the last elements who comes late is given first. An integer >= 0. Default 0. */
  readonly replay?: number
}

type PairOf<A, B> = readonly [A, B]

/**
 * A Stream is many values, made one by one as they are asked for: an immutable description, as a Task is, that runs anew
 * each time. Stages like `map` and `filter` describe; what ends in a Task (`toArray`, `forEach`, `reduce`, `drain`) runs, or
 * `for await`. Whatever the end, what was opened is closed. `A` is what the elements are, `E` the failures that it declares.
 *
 * @example
 * ```ts
 * const squares = Stream.range(1, 1000)
 *   .map((n) => n * n)
 *   .filter((n) => n % 2 === 1)
 *   .take(3)
 * await squares.toArray() // [1, 9, 25]
 * ```
 */
export class Stream<out A, out E = never> implements AsyncIterable<A> {
  declare readonly [failure]: E

  /** @internal */
  readonly open: Open<A>
  /** @internal */
  readonly parts: (() => readonly Plan<A>[]) | undefined

  /** @internal */
  constructor(open: Open<A>, parts?: () => readonly Plan<A>[]) {
    this.open = open
    this.parts = parts
  }

  // --- making one ----------------------------------------------------------------------------------------------------

  /** These values. */
  static of<A>(...items: A[]): Stream<A>
  static of<T extends readonly unknown[]>(...items: T): Stream<T[number]>
  static of(...items: unknown[]): Stream<unknown> {
    return new Stream(values(items))
  }

  /** No elements. */
  static get empty(): Stream<never> {
    return new Stream<never>(empty.open)
  }

  /**
   * The items of an array or another iterable, of an async iterable, a ReadableStream (a body of `fetch`), a Queue or a
   * Subscription, which end as they are closed, or the one value of a Task. An iterator, which can be used once, and a
   * ReadableStream make a stream that can be run once.
   *
   * @throws TypeError for anything else.
   */
  static from<A, E = never>(source: StreamLike<A, E>): Stream<A, E> {
    if (source instanceof Stream) return source
    return new Stream<A, E>(planOf<A>(source, "the source of Stream.from").open)
  }

  /** Fails with `error`, the very object, and declares it. */
  static fail<const E>(error: E): Stream<never, E> {
    return Stream.from<never, E>(Task.fail(error))
  }

  /** Calls `f` at each run and continues as the stream that it returns: for recursion, and for state of a run. */
  static defer<A, E = never>(f: () => StreamLike<A, E>): Stream<A, E> {
    mustBeFunction(f, "Stream.defer")
    return parted<A, E>(() => [planOf<A>(f(), "what the function of Stream.defer returns")])
  }

  /**
   * Numbers from `start` up to `end`, which is not among them, by `step`.
   *
   * @throws RangeError for what is no number, and for a `step` of 0.
   */
  static range(start: number, end = Infinity, step = 1): Stream<number> {
    return new Stream<number>(range(start, end, step))
  }

  /**
   * Starts from `seed`; `f` makes an element and what to go on from, or, by undefined, the end. It may return a Task of it.
   *
   * @example
   * ```ts
   * const powers = Stream.unfold(1, (n) => (n > 50 ? undefined : ([n, n * 2] as const)))
   * await powers.toArray() // [1, 2, 4, 8, 16, 32]
   * ```
   */
  static unfold<A, S, E = never>(seed: S, f: (state: S) => Unfolded<A, S> | Task<Unfolded<A, S>, E>): Stream<A, E> {
    mustBeFunction(f, "Stream.unfold")
    return new Stream<A, E>(unfold(seed, f))
  }

  /**
   * The same, page by page: `f` makes a stream of elements and what to go on from, which is undefined after the last page.
   * A page ends, and is closed, before the next is asked for.
   */
  static paginate<A, S, E = never, E2 = never>(
    seed: S,
    f: (
      state: S,
    ) => readonly [page: StreamLike<A, E>, next: S | undefined] | Task<readonly [StreamLike<A, E>, S | undefined], E2>,
  ): Stream<A, E | E2> {
    mustBeFunction(f, "Stream.paginate")
    return new Stream<A, E | E2>(paginate(seed, f))
  }

  /**
   * The stream that `use` makes of a resource. It is acquired, masked, when the first element is asked for, and released,
   * once, after that stream is closed: at its end, by a failure, by an early end, by cancellation.
   */
  static using<R, A, E = never, E2 = never>(
    acquire: Task<R, E> | ((restore: Restore) => Task<R, E>),
    use: (resource: R) => StreamLike<A, E2>,
    release: (resource: R) => Task<unknown, unknown> | void,
  ): Stream<A, E | E2> {
    mustBeTaskOrFunction(acquire, "Stream.using (acquire)")
    mustBeFunction(use, "Stream.using (use)")
    mustBeFunction(release, "Stream.using (release)")
    return new Stream<A, E | E2>(using(acquire, use, release))
  }

  /** 0, 1, 2 … each after the pause that a schedule says: `{ every: 1000 }` is an interval. Who is slow misses some. */
  static schedule(policy: Policy<number> | ScheduleOptions<number>): Stream<number> {
    return new Stream<number>(schedule(policyOf(policy, "Stream.schedule")))
  }

  // --- elements ------------------------------------------------------------------------------------------------------

  /** What `f` makes of each element. */
  map<B>(f: (element: A) => B): Stream<B, E> {
    mustBeFunction(f, "map")
    return new Stream<B, E>(map(this, f))
  }

  /** The elements that `keeps` is true of. */
  filter<B extends A>(keeps: (element: A) => element is B): Stream<B, E>
  filter(keeps: (element: A) => unknown): Stream<A, E>
  filter(keeps: (element: A) => unknown): Stream<A, E> {
    mustBeFunction(keeps, "filter")
    return new Stream<A, E>(filter(this, keeps))
  }

  /** What `f` makes of each element, without what is undefined: `map` and `filter` in one. */
  collect<B>(f: (element: A) => B | undefined): Stream<B, E> {
    mustBeFunction(f, "collect")
    return new Stream<B, E>(collect(this, f))
  }

  /**
   * The elements of the streams, or iterables but strings, that `f` makes, one after the other. Each ends, and is closed,
   * before the next element is asked for. Side by side: `map` and `mergeAll`.
   */
  flatMap<S extends StreamLike<unknown, unknown>>(f: (element: A) => S): Stream<ElementOf<S>, E | StreamFailureOf<S>> {
    mustBeFunction(f, "flatMap")
    return new Stream<ElementOf<S>, E | StreamFailureOf<S>>(flatMap(this, f))
  }

  /**
   * What the Tasks yield that `f` makes of the elements: one after the other, or, by `concurrency`, so many at once. No more
   * than that ever run, and the source is asked for no more than can be begun. The first failure cancels the others and
   * waits for them; so does an early end.
   *
   * @throws RangeError, TypeError for options out of their range.
   *
   * @example
   * ```ts
   * const slow = (n: number) => Task.sleep(10 - n).as(n * 2)
   * await Stream.range(0, 5).mapTask(slow, { concurrency: 3 }).toArray() // [0, 2, 4, 6, 8]
   * ```
   */
  mapTask<B, E2>(f: (element: A) => Task<B, E2>, options?: ParallelOptions): Stream<B, E | E2> {
    mustBeFunction(f, "mapTask")
    mustKnow(options, ["concurrency", "ordered", "buffer"], "mapTask")
    const concurrency = limitOf(options?.concurrency ?? 1)
    if (concurrency === 1 && options?.buffer === undefined) return new Stream<B, E | E2>(mapTask(this, f))
    const waiting = countOf(options?.buffer ?? concurrency, "buffer", 0)
    const mapped = options?.ordered === false ? mapUnordered : mapOrdered
    return new Stream<B, E | E2>(
      mapped(this, returnsTask(f, "mapTask") as (element: A) => Task<B, E2>, concurrency, waiting),
    )
  }

  /** Does something with each element, which goes on as it is. A Task is run before the element goes on. */
  tap<E2 = never>(f: (element: A) => Task<unknown, E2> | void): Stream<A, E | E2> {
    mustBeFunction(f, "tap")
    return new Stream<A, E | E2>(tap(this, f, "tap"))
  }

  /** The first `count` elements; no more are made. */
  take(count: number): Stream<A, E> {
    return new Stream<A, E>(take(this, countOf(count, "count", 0)))
  }

  /** The elements before the first that `keeps` is not true of. */
  takeWhile(keeps: (element: A) => unknown): Stream<A, E> {
    mustBeFunction(keeps, "takeWhile")
    return new Stream<A, E>(takeWhile(this, keeps))
  }

  /** All but the first `count` elements. */
  drop(count: number): Stream<A, E> {
    countOf(count, "count", 0)
    return this.#filterWith(() => {
      let left = count
      return () => left-- <= 0
    })
  }

  /** The elements from the first that `drops` is not true of. */
  dropWhile(drops: (element: A) => unknown): Stream<A, E> {
    mustBeFunction(drops, "dropWhile")
    return this.#filterWith(() => {
      let dropping = true
      return (element) => !(dropping &&= Boolean(drops(element)))
    })
  }

  /** The elements from the one at `start` up to that at `end`, which is not among them. */
  slice(start: number, end = Infinity): Stream<A, E> {
    countOf(start, "start", 0)
    countOf(end, "end", 0)
    return this.drop(start).take(Math.max(end - start, 0))
  }

  /**
   * The states of a fold, as `reduce` would go through them: one for each element. Without `initial` the first element is the
   * first state.
   */
  scan<B>(f: (state: B, element: A) => B, initial: B): Stream<B, E>
  scan(f: (state: A, element: A) => A): Stream<A, E>
  scan<B>(f: (state: B, element: A) => B, ...initial: [] | [B]): Stream<B, E> {
    mustBeFunction(f, "scan")
    return new Stream<B, E>(scan(this, f, initial))
  }

  /** Each element once. It remembers all that were there. */
  distinct(): Stream<A, E> {
    return this.distinctBy((element) => element)
  }

  /** The first element for each key. It remembers all keys that were there. */
  distinctBy(key: (element: A) => unknown): Stream<A, E> {
    mustBeFunction(key, "distinctBy")
    return this.#filterWith(() => {
      const seen = new Set<unknown>()
      return (element) => seen.size < seen.add(key(element)).size
    })
  }

  /** The elements that differ from the one before: by `Object.is`, or by what `same` says. */
  changes(same: (before: A, now: A) => boolean = Object.is): Stream<A, E> {
    mustBeFunction(same, "changes")
    return this.#filterWith(() => {
      let before: A | typeof NONE = NONE
      return (element) => {
        const changed = before === NONE || !same(before, element)
        before = element
        return changed
      }
    })
  }

  /** The elements and their places, from 0. */
  zipWithIndex(): Stream<readonly [A, number], E> {
    return this.zip(Stream.range(0))
  }

  /** This between two elements. */
  intersperse<B>(separator: B): Stream<A | B, E> {
    return new Stream<A | B, E>(intersperse(this, separator))
  }

  #filterWith(make: () => (element: A) => boolean): Stream<A, E> {
    return new Stream<A, E>(filterWith(this, make))
  }

  // --- groups of neighbours ------------------------------------------------------------------------------------------

  /** Arrays of `size` elements; the last may have fewer. */
  chunk(size: number): Stream<A[], E> {
    return new Stream<A[], E>(chunk(this, countOf(size, "size", 1)))
  }

  /** The same, but an array is complete as well when so much time has passed since its first element. */
  chunkWithin(size: number, duration: Duration): Stream<A[], E> {
    return new Stream<A[], E>(chunkWithin(this, countOf(size, "size", 1), toMillis(duration, "duration")))
  }

  /** Windows of `size` elements, each `step` further than the one before; at the end the shorter ones that are left. */
  sliding(size: number, step = 1): Stream<A[], E> {
    return new Stream<A[], E>(sliding(this, countOf(size, "size", 1), countOf(step, "step", 1)))
  }

  /** Neighbours with the same key, by `Object.is`. */
  groupAdjacent<K>(key: (element: A) => K): Stream<readonly [key: K, elements: A[]], E> {
    mustBeFunction(key, "groupAdjacent")
    return new Stream<readonly [K, A[]], E>(groupAdjacent(this, key))
  }

  /** What lies between the elements that `separates` is true of, as `String.split` does: there may be nothing. */
  split(separates: (element: A) => unknown): Stream<A[], E> {
    mustBeFunction(separates, "split")
    return new Stream<A[], E>(split(this, separates))
  }

  /** The elements that `keeps` is true of, and the others, as two streams: each runs this one. */
  partition<B extends A>(keeps: (element: A) => element is B): [Stream<B, E>, Stream<Exclude<A, B>, E>]
  partition(keeps: (element: A) => unknown): [Stream<A, E>, Stream<A, E>]
  partition(keeps: (element: A) => unknown): [Stream<A, E>, Stream<A, E>] {
    return [this.filter(keeps), this.filter((element) => !keeps(element))]
  }

  /**
   * A stream for each key, with the elements of that key, to be run once, and all side by side, as many as there are keys:
   * `mapTask(f, { concurrency: Infinity })`, or `map` and `mergeAll`. Each holds up to `buffer` elements, and a full one holds
   * up the source, and so all others, until somebody takes from it: one after the other, or with some left out, they would
   * wait for ever. A group that is closed early (`group.take(0).drain()`) takes no more. Keys are kept until the source ends.
   *
   * @throws RangeError for a `buffer` that is no integer >= 1.
   */
  groupBy<K>(key: (element: A) => K, options?: BufferOptions): Stream<readonly [key: K, elements: Stream<A, E>], E> {
    mustBeFunction(key, "groupBy")
    const groups = groupBy(this, key, bufferOf(options, "groupBy"))
    return new Stream(groups).map(([its, plan]) => [its, streamOf<A, E>(plan)] as const)
  }

  // --- with others ---------------------------------------------------------------------------------------------------

  /** These elements, and then those of the others. Each is opened when the one before has ended and is closed. */
  concat<B, E2 = never>(...others: readonly StreamLike<B, E2>[]): Stream<A | B, E | E2> {
    const plans: Plan<A | B>[] = [this, ...others.map((other) => planOf<B>(other, "the argument of concat"))]
    return parted<A | B, E | E2>(() => plans)
  }

  /** Pairs of the elements of both, until one has ended. */
  zip<B, E2 = never>(other: StreamLike<B, E2>): Stream<readonly [A, B], E | E2> {
    return this.zipWith(other, (left: A, right: B): PairOf<A, B> => [left, right])
  }

  /** What `f` makes of the elements of both, until one has ended. */
  zipWith<B, C, E2 = never>(other: StreamLike<B, E2>, f: (left: A, right: B) => C): Stream<C, E | E2> {
    mustBeFunction(f, "zipWith")
    return new Stream<C, E | E2>(zipWith(this, planOf<B>(other, "the other stream of zip"), f))
  }

  /** Pairs until both have ended: then `left` stands in for elements of this one, `right` for those of the other. */
  zipAll<B, E2 = never, A2 = undefined, B2 = undefined>(
    other: StreamLike<B, E2>,
    left?: A2,
    right?: B2,
  ): Stream<readonly [A | A2, B | B2], E | E2> {
    const plan = planOf<B | B2>(other, "the other stream of zipAll")
    return new Stream<readonly [A | A2, B | B2], E | E2>(zipAll<A | A2, B | B2>(this, plan, left as A2, right as B2))
  }

  /** One of each in turn; when one has ended, what is left of the other. */
  interleave<B, E2 = never>(other: StreamLike<B, E2>): Stream<A | B, E | E2> {
    return new Stream<A | B, E | E2>(interleave(this, planOf<B>(other, "the other stream of interleave")))
  }

  /**
   * The elements of this and the others as they come: all run at once. 16 elements, and one of each stream, may wait to be
   * asked for.
   */
  merge<B, E2 = never>(...others: readonly StreamLike<B, E2>[]): Stream<A | B, E | E2> {
    const plans: Plan<A | B>[] = [this, ...others.map((other) => planOf<B>(other, "the argument of merge"))]
    return new Stream<A | B, E | E2>(mergeAll(Stream.from(plans), Infinity, 16))
  }

  /**
   * Of a stream of streams: their elements as they come, so many streams at once. The first failure cancels the others.
   *
   * @throws RangeError, TypeError for options out of their range.
   */
  mergeAll(options?: MergeOptions): Stream<ElementOf<A>, E | StreamFailureOf<A>> {
    mustKnow(options, ["concurrency", "buffer"], "mergeAll")
    const capacity = countOf(options?.buffer ?? 16, "buffer", 1)
    return new Stream<ElementOf<A>, E | StreamFailureOf<A>>(mergeAll(this, limitOf(options?.concurrency), capacity))
  }

  /** The elements of the stream that `f` made last: the one before is cancelled as the next element comes. */
  switchMap<S extends StreamLike<unknown, unknown>>(
    f: (element: A) => S,
  ): Stream<ElementOf<S>, E | StreamFailureOf<S>> {
    mustBeFunction(f, "switchMap")
    return new Stream<ElementOf<S>, E | StreamFailureOf<S>>(switchMap(this, f))
  }

  /**
   * Runs this once for all of `uses`, side by side: each is given a stream of the elements and makes a Task of it. Yields
   * what these yield. The slowest sets the pace, `buffer` elements ahead; who has ended holds nobody up.
   *
   * @throws RangeError for a `buffer` that is no integer >= 1.
   *
   * @example
   * ```ts
   * const [sum, most] = await Stream.of(3, 1, 2).broadcast([
   *   (numbers) => numbers.reduce((a, b) => a + b),
   *   (numbers) => numbers.reduce((a, b) => Math.max(a, b)),
   * ])
   * sum // 6
   * most // 3
   * ```
   */
  broadcast<const T extends readonly ((elements: Stream<A, E>) => Task<unknown, unknown>)[]>(
    uses: T,
    options?: BufferOptions,
  ): Task<
    { -readonly [K in keyof T]: T[K] extends (elements: never) => Task<infer B, unknown> ? B : never },
    T[number] extends (elements: never) => Task<unknown, infer E2> ? E2 : never
  > {
    mustBeFunctions(uses, "broadcast")
    const given = uses.map((use) => (plan: Plan<A>) => use(streamOf<A, E>(plan)))
    return broadcast(this, given, bufferOf(options, "broadcast")) as never
  }

  /**
   * One run of this for all who run the result at the same time: the first begins it, the last to leave ends it. Who comes
   * late gets the last `replay` elements first. The slowest sets the pace, `buffer` elements ahead.
   *
   * @throws RangeError, TypeError for options out of their range.
   */
  share(options?: ShareOptions): Stream<A, E> {
    mustKnow(options, ["replay", "buffer"], "share")
    const replay = countOf(options?.replay ?? 0, "replay", 0)
    return new Stream<A, E>(share(this, replay, countOf(options?.buffer ?? 16, "buffer", 1)))
  }

  // --- failures and ends ---------------------------------------------------------------------------------------------

  /**
   * Continues as the stream that `handler` makes of the failure; what came before stays. With a class in front: only for
   * failures of that class. The failing stream is closed first.
   */
  catch<B, E2 = never>(handler: (error: unknown) => StreamLike<B, E2>): Stream<A | B, E2>
  catch<X, B, E2 = never>(
    Class: abstract new (...args: never[]) => X,
    handler: (error: X) => StreamLike<B, E2>,
  ): Stream<A | B, Exclude<E, X> | E2>
  catch(first: unknown, second?: unknown): Stream<unknown, unknown> {
    const handler = (second ?? first) as (error: unknown) => unknown
    if (second !== undefined) mustBeClass(first)
    mustBeFunction(handler, "catch")
    if (second === undefined) return new Stream<unknown, unknown>(catching(this, () => true, handler))
    return new Stream<unknown, unknown>(
      catching(this, (error) => error instanceof (first as new () => object), handler),
    )
  }

  /**
   * Runs it anew, from the beginning, when it fails, as a schedule says; what has been emitted stays. Fails as the last run
   * does.
   */
  retry(policy: Policy<unknown> | ScheduleOptions): Stream<A, E> {
    return new Stream<A, E>(retrying(this, policyOf(policy, "retry")))
  }

  /**
   * Runs a cleanup after this is closed, whatever the end: once for each run that has asked for an element. A failure of the
   * cleanup is the stream's.
   */
  finally<E2 = never>(cleanup: Task<unknown, E2> | (() => Task<unknown, E2> | void)): Stream<A, E | E2> {
    mustBeTaskOrFunction(cleanup, "finally")
    return new Stream<A, E | E2>(lastly(this, cleanup as Cleanup<void, E2> as () => void))
  }

  /** Does something with the first element, before it goes on. */
  onFirst<E2 = never>(f: (element: A) => Task<unknown, E2> | void): Stream<A, E | E2> {
    mustBeFunction(f, "onFirst")
    return new Stream<A, E | E2>(onFirst(this, f))
  }

  /** Runs a Task when all elements have come, before the end: not after a failure or an early end. */
  onEnd<E2 = never>(task: Task<unknown, E2>): Stream<A, E | E2> {
    mustBeTask(task, "the argument of onEnd")
    return new Stream<A, E | E2>(onEnd(this, task))
  }

  // --- time ----------------------------------------------------------------------------------------------------------

  /**
   * Fails with a TimeoutError when the end has not come so long after the first element was asked for, also in the middle of a
   * wait. What the source waits for runs in a fiber of its own then, as with `Task.timeout`: fibers that it starts are that
   * one's children, and an item that comes as the stream is cancelled may be lost.
   */
  timeout(duration: Duration): Stream<A, E | TimeoutError> {
    return new Stream<A, E | TimeoutError>(timeout(this, toMillis(duration, "duration")))
  }

  /** An element when none has come for so long after it, and the last one at the end. */
  debounce(duration: Duration): Stream<A, E> {
    return new Stream<A, E>(debounce(this, toMillis(duration, "duration")))
  }

  /** The first element, and then the first that comes when so long has passed since the last one kept. */
  throttle(duration: Duration): Stream<A, E> {
    return new Stream<A, E>(throttle(this, toMillis(duration, "duration")))
  }

  /** Every so often the last element, if there is a new one, and the last one at the end. */
  sample(duration: Duration): Stream<A, E> {
    return new Stream<A, E>(sample(this, toMillis(duration, "duration")))
  }

  /** Makes elements ahead, beside who takes them: so many at most. */
  buffer(count: number): Stream<A, E> {
    return new Stream<A, E>(buffer(this, countOf(count, "count", 1)))
  }

  // --- text ----------------------------------------------------------------------------------------------------------

  /**
   * Of bytes: their text. A character may lie across chunks. Invalid bytes are U+FFFD, or, with `fatal`, a TypeError.
   *
   * @param encoding A label of the Encoding Standard. Default "utf-8".
   */
  decode(
    this: Stream<AllowSharedBufferSource, E>,
    encoding = "utf-8",
    options?: { readonly fatal?: boolean },
  ): Stream<string, E> {
    mustKnow(options, ["fatal"], "decode")
    const fatal = options?.fatal === true
    mustDecode(encoding)
    return new Stream<string, E>(decode(this, encoding, fatal))
  }

  /** Of text: its lines, as they are, without the \n or \r\n at their ends. What is left after the last is a line, too. */
  lines(this: Stream<string, E>): Stream<string, E> {
    return new Stream<string, E>(lines(this))
  }

  /** Of text: its bytes, in UTF-8. A character may lie across pieces. */
  encode(this: Stream<string, E>): Stream<Uint8Array<ArrayBuffer>, E> {
    return new Stream<Uint8Array<ArrayBuffer>, E>(encode(this))
  }

  // --- running -------------------------------------------------------------------------------------------------------

  /** All elements. */
  toArray(): Task<A[], E> {
    return firstOf<A[], E>(collected(this)) as Task<A[], E>
  }

  /** Runs it for what it does. */
  drain(): Task<void, E> {
    return this.#into(() => ({ add: () => {}, result: () => undefined }))
  }

  /**
   * Does something with each element. Tasks run one after the other, or, by `concurrency`, so many at once; the first
   * failure cancels the others and waits for them.
   */
  forEach<E2 = never>(
    f: (element: A) => Task<unknown, E2> | void,
    options?: { readonly concurrency?: number },
  ): Task<void, E | E2> {
    mustBeFunction(f, "forEach")
    mustKnow(options, ["concurrency"], "forEach")
    const concurrency = limitOf(options?.concurrency ?? 1)
    if (concurrency === 1) return new Stream<A, E | E2>(tap(this, f, "forEach")).drain()
    return forEachOf(this, mayReturnTask(f, "forEach"), concurrency) as never
  }

  /**
   * Folds with `f`, which may return a Task of the next state. Without `initial` the first element is the first state; then
   * an empty stream fails with a TypeError. Every run starts from the same `initial`: make a new state, do not change it.
   */
  reduce<B, E2 = never>(f: (state: B, element: A) => B | Task<B, E2>, initial: B): Task<B, E | E2>
  reduce<E2 = never>(f: (state: A, element: A) => A | Task<A, E2>): Task<A, E | E2>
  reduce<B, E2>(f: (state: B, element: A) => B | Task<B, E2>, ...initial: [] | [B]): Task<B, E | E2> {
    mustBeFunction(f, "reduce")
    return firstOf<B, E | E2>(reduce(this, f, initial)) as Task<B, E | E2>
  }

  /**
   * Folds what the Tasks yield that `f` makes of the elements, so many at once, in the order of being ready. `initial` counts
   * once. One after the other, unless there is a `concurrency`.
   *
   * @throws RangeError, TypeError for options out of their range.
   */
  parFold<B, C, E2>(
    initial: B,
    f: (element: A) => Task<C, E2>,
    merge: (state: B, value: C) => B,
    options?: { readonly concurrency?: number },
  ): Task<B, E | E2> {
    mustBeFunction(f, "parFold")
    mustBeFunction(merge, "parFold (merge)")
    mustKnow(options, ["concurrency"], "parFold")
    return this.mapTask(f, { concurrency: options?.concurrency ?? 1, ordered: false }).reduce(merge, initial)
  }

  /** How many elements there are. */
  count(): Task<number, E> {
    return this.#into(() => {
      let count = 0
      return { add: () => void count++, result: () => count }
    })
  }

  /** The first element, or undefined; no more are made. */
  first(): Task<A | undefined, E> {
    return firstOf(this.open)
  }

  /** The last element, or undefined. */
  last(): Task<A | undefined, E> {
    return this.#into<A | undefined>(() => {
      let last: A | undefined
      return { add: (element) => void (last = element), result: () => last }
    })
  }

  /** The first element that `matches` is true of, or undefined; no more are made. */
  find<B extends A>(matches: (element: A) => element is B): Task<B | undefined, E>
  find(matches: (element: A) => unknown): Task<A | undefined, E>
  find(matches: (element: A) => unknown): Task<A | undefined, E> {
    return this.filter(matches).first()
  }

  /** Whether `matches` is true of an element; none is made after that. */
  some(matches: (element: A) => unknown): Task<boolean, E> {
    mustBeFunction(matches, "some")
    return this.#finds(matches, true)
  }

  /** Whether `matches` is true of every element; none is made after one of which it is not. */
  every(matches: (element: A) => unknown): Task<boolean, E> {
    mustBeFunction(matches, "every")
    return this.#finds((element) => !matches(element), false)
  }

  #finds(matches: (element: A) => unknown, found: boolean): Task<boolean, E> {
    return this.#into(() => {
      let answer = !found
      return { add: (element) => Boolean(matches(element)) && ((answer = found), true), result: () => answer }
    })
  }

  /** Of text: all of it. */
  text(this: Stream<string, E>): Task<string, E> {
    return this.toArray().map((pieces) => pieces.join(""))
  }

  /**
   * `for await` runs it, in one fiber, and makes an element when it is asked for one. Leaving the loop early cancels that
   * and waits until all is closed.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<A, undefined, void> {
    return iterate(this)
  }

  /** A ReadableStream of the elements: each is made when it is pulled. Cancelling it closes this. */
  toReadableStream(options?: RunOptions): ReadableStream<A> {
    return readable(this, options)
  }

  /**
   * Writes all elements, each when the one before has been taken in, and closes the destination; a failure and a
   * cancellation abort it.
   */
  pipeTo(to: WritableStream<A>, options: PipeOptions = {}): Task<void, E> {
    mustKnow(options, ["preventClose", "preventAbort"], "pipeTo")
    mustBeWritable(to, "the destination of pipeTo")
    return pipeTo(this, to, options) as Task<void, E>
  }

  /** What comes out of a TransformStream, a CompressionStream, a TextDecoderStream: of a pair that can be used once. */
  pipeThrough<B>(pair: { readonly writable: WritableStream<A>; readonly readable: ReadableStream<B> }): Stream<B, E> {
    mustBeWritable((pair as { writable?: unknown } | undefined)?.writable, "the writable of pipeThrough")
    return new Stream<B, E>(pipeThrough(this, pair))
  }

  #into<B>(make: () => { readonly add: (element: A) => boolean | void; readonly result: () => B }): Task<B, E> {
    return firstOf<B, E>(into(this, make)) as Task<B, E>
  }
}

function streamOf<A, E>(plan: Plan<A>): Stream<A, E> {
  return new Stream<A, E>(plan.open, plan.parts)
}

function parted<A, E>(parts: () => readonly Plan<A>[]): Stream<A, E> {
  return streamOf<A, E>(concat(parts))
}
