import fc from "fast-check"
import { Queue, Stream, type StreamLike, Task } from "rapid-fiber"

/** Makes a stream of these items; where one is to be cut into pieces, `cuts` says where. */
export type MakeSource = <A>(items: readonly A[], cuts: number) => Stream<A>

/** The items in pieces: a bit of `cuts` for each place between two. There may be pieces of nothing. */
export function pieces<A>(items: readonly A[], cuts: number): A[][] {
  const made: A[][] = [[]]
  items.forEach((item, i) => {
    if ((cuts >> (i % 30)) & 1) made.push([])
    made.at(-1)?.push(item)
  })
  return made
}

/** An iterable that is no array, and can be gone through again. */
function iterable<A>(items: readonly A[]): Iterable<A> {
  return {
    *[Symbol.iterator]() {
      yield* items
    },
  }
}

/** An async iterable that can be gone through again. */
function asyncIterable<A>(items: readonly A[]): AsyncIterable<A> {
  return {
    async *[Symbol.asyncIterator]() {
      yield* items
    },
  }
}

export function readableOf<A>(items: readonly A[]): ReadableStream<A> {
  let next = 0
  return new ReadableStream<A>({
    pull(controller) {
      if (next === items.length) controller.close()
      else controller.enqueue(items[next++])
    },
  })
}

/** A Queue that holds the items and is closed. */
function queueOf<A>(items: readonly A[]): Queue<A> {
  const queue = Queue.unbounded<A>()
  for (const item of items) queue.tryOffer(item)
  queue.close()
  return queue
}

/** Ways to make a stream of the same elements, each of which can be run again. */
export const sources: Readonly<Record<string, MakeSource>> = {
  array: (items) => Stream.from(items),
  values: (items) => Stream.of(...items),
  iterable: (items) => Stream.from(iterable(items)),
  "async iterable": (items) => Stream.from(asyncIterable(items)),
  ReadableStream: (items) => Stream.defer(() => readableOf(items)),
  Queue: (items) => Stream.defer(() => queueOf(items)),
  "concat of pieces": (items, cuts) => {
    const [first, ...rest] = pieces(items, cuts)
    return Stream.from(first).concat(...rest)
  },
  "concat to the left": (items, cuts) =>
    pieces(items, cuts).reduce<Stream<(typeof items)[number]>>((all, piece) => all.concat(piece), Stream.empty),
  "concat to the right": (items, cuts) =>
    pieces(items, cuts).reduceRight<Stream<(typeof items)[number]>>(
      (all, piece) => Stream.from(piece).concat(all),
      Stream.empty,
    ),
  "flatMap of pieces": (items, cuts) => Stream.from(pieces(items, cuts)).flatMap((piece) => piece),
  "flatMap of streams": (items, cuts) =>
    Stream.from(pieces(items, cuts)).flatMap((piece) => Stream.from(piece).mapTask((item) => Task.yield().as(item))),
  unfold: (items) => Stream.unfold(0, (at) => (at === items.length ? undefined : ([items[at], at + 1] as const))),
  "unfold of tasks": (items) =>
    Stream.unfold(0, (at) => Task.yield().as(at === items.length ? undefined : ([items[at], at + 1] as const))),
  paginate: (items, cuts) => {
    const pages = pieces(items, cuts)
    return Stream.paginate(0, (at) => [pages[at], at + 1 < pages.length ? at + 1 : undefined] as const)
  },
  "paginate of tasks": (items, cuts) => {
    const pages = pieces(items, cuts)
    return Stream.paginate(0, (at) =>
      Task.yield().as([asyncIterable(pages[at]), at + 1 < pages.length ? at + 1 : undefined] as const),
    )
  },
  "steps of Tasks": (items) => Stream.from(items).mapTask((item) => Task.yield().as(item)),
  "recursion by defer": (items) => {
    const from = (at: number): StreamLike<(typeof items)[number]> =>
      at === items.length ? Stream.empty : Stream.of(items[at]).concat(Stream.defer(() => from(at + 1)))
    return Stream.defer(() => from(0))
  },
  using: (items) =>
    Stream.using(
      Task.yield(),
      () => items,
      () => Task.yield(),
    ),
  "a merge of one": (items) => Stream.of(Stream.from(items)).mergeAll(),
  "a failure caught": (items) =>
    Stream.from(items)
      .concat(Stream.fail("caught"))
      .catch(() => Stream.empty),
  buffer: (items) => Stream.from(items).buffer(2),
  share: (items) => Stream.defer(() => Stream.from(items).share()),
}

/** One source: how it is made, and where it is cut. */
export interface SourceChoice {
  readonly kind: string
  readonly cuts: number
}

export const sourceChoice: fc.Arbitrary<SourceChoice> = fc.record({
  kind: fc.constantFrom(...Object.keys(sources)),
  cuts: fc.nat({ max: 2 ** 30 - 1 }),
})

export function sourceOf<A>({ kind, cuts }: SourceChoice, items: readonly A[]): Stream<A> {
  return sources[kind](items, cuts)
}

/** Few different values, so that there are equal ones; also those that are easily taken for none. */
export const numbers: fc.Arbitrary<number[]> = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 12 })
