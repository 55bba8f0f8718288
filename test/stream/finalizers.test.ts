import { describe, expect, it } from "vitest"
import { type Fiber, Runtime, Stream, Task } from "rapid-fiber"
import { explore, type ExploreOptions, type Program, TestRuntime, type Trial } from "rapid-fiber/testing"
import { must, together } from "../sync/exploring.ts"

/** Schedules for each program. */
const RUNS = 250

/** Tries a program under so many schedules. */
async function checkUnderAll(program: Program, options: ExploreOptions): Promise<void> {
  expect((await explore(program, options)).runs).toBeGreaterThan(0)
}

const wrong = new Error("an element's")

/**
 * What pipelines are made of: streams that hold a resource while they are open. A resource must be given back once, after
 * all that was acquired under it, and its stream must make nothing before it is acquired or after it is given back.
 */
class Held {
  readonly #trial: Trial
  readonly #failsAt: number
  #made = 0
  #open = 0
  opened = 0
  ended = false
  /** In the order in which they were given back. */
  readonly released: string[] = []

  constructor(trial: Trial, failsAt = Infinity) {
    this.#trial = trial
    this.#failsAt = failsAt
    trial.check(() => {
      this.ended = true
      must(this.#open === 0, `nothing to be open, got ${this.#open}`)
    })
  }

  /** The elements from `from`, so many, made while a resource is held: at one element of all it fails. */
  source(name: string, from: number, count: number): Stream<number, unknown> {
    return this.using(name, (alive) =>
      Stream.range(from, from + count).mapTask((n) =>
        Task.yield().flatMap(() => {
          alive()
          return this.#made++ === this.#failsAt ? Task.fail(wrong) : Task.pure(n)
        }),
      ),
    )
  }

  /** What `use` makes, while a resource is held: it must have given back all of its own before. */
  using<A>(name: string, use: (alive: () => void) => Stream<A, unknown>): Stream<A, unknown> {
    return Stream.using(
      Task.yield().map(() => {
        must(!this.ended, `nothing to begin after the end, got ${name}`)
        this.opened++
        this.#open++
        return { release: this.#trial.resource(name), inside: 0, gone: false }
      }),
      (resource) => {
        const alive = (): void => {
          must(!resource.gone, `${name} to be there while its stream runs`)
          must(!this.ended, `nothing to run after the end, got ${name}`)
        }
        return Stream.using(
          Task.sync(() => {
            alive()
            return ++resource.inside
          }),
          () => use(alive),
          () => Task.yield().map(() => void resource.inside--),
        )
      },
      (resource) =>
        Task.yield().map(() => {
          must(resource.inside === 0, `what is inside of ${name} to be closed before it`)
          resource.gone = true
          this.#open--
          this.released.push(name)
          resource.release()
        }),
    )
  }
}

type Pipeline = (held: Held) => Stream<unknown, unknown>

const pipelines: Record<string, Pipeline> = {
  using: (held) => held.using("outer", () => held.using("middle", () => held.source("inner", 0, 3))),
  flatMap: (held) =>
    held
      .source("outer", 0, 2)
      .flatMap((n) => held.source(`inner ${n}`, n * 10, 2).flatMap((m) => held.source(`leaf ${m}`, m, 1))),
  concat: (held) =>
    held.source("first", 0, 1).concat(
      held.using("second", () => held.source("a", 1, 1).concat(held.source("b", 2, 1))),
      held.source("third", 3, 1),
    ),
  catch: (held) =>
    held.using("around", () =>
      held
        .source("failing", 0, 2)
        .concat(Stream.fail("expected"))
        .catch((error) => (error === "expected" ? held.source("handler", 5, 2) : Stream.fail(error)))
        .catch((error) => held.source("last", 7, 1).concat(Stream.fail(error))),
    ),
  retry: (held) => {
    let runs = 0
    return Stream.defer(() =>
      held.source(`try ${++runs}`, 0, 2).flatMap((n) => (n === 1 && runs === 1 ? Stream.fail("again") : [n])),
    ).retry({ times: 1 })
  },
  zip: (held) => held.source("left", 0, 3).zip(held.source("right", 10, 2)),
  zipAll: (held) => held.source("left", 0, 1).zipAll(held.source("right", 10, 3)),
  interleave: (held) => held.source("left", 0, 2).interleave(held.source("right", 10, 2)),
  "mapTask, in order": (held) =>
    held
      .source("source", 0, 4)
      .mapTask((n) => held.source(`work ${n}`, n, 1).first(), { concurrency: 2, ordered: true }),
  "mapTask, not in order": (held) =>
    held
      .source("source", 0, 4)
      .mapTask((n) => held.source(`work ${n}`, n, 1).first(), { concurrency: 2, ordered: false, buffer: 0 }),
  mergeAll: (held) =>
    held
      .source("outer", 0, 3)
      .map((n) => held.source(`inner ${n}`, n * 10, 2))
      .mergeAll({ concurrency: 2, buffer: 1 }),
  merge: (held) => held.source("a", 0, 2).merge(held.source("b", 10, 1), held.source("c", 20, 2)),
  switchMap: (held) => held.source("outer", 0, 3).switchMap((n) => held.source(`inner ${n}`, n * 10, 2)),
  buffer: (held) =>
    held
      .source("ahead", 0, 4)
      .buffer(2)
      .flatMap((n) => held.source(`inner ${n}`, n, 1)),
  groupBy: (held) =>
    held
      .source("source", 0, 4)
      .groupBy((n) => n % 2, { buffer: 1 })
      .mapTask(([, part]) => part.flatMap((n) => held.source(`inner ${n}`, n, 1)).toArray(), { concurrency: 2 }),
  "groupBy, of which one is closed early": (held) =>
    held
      .source("source", 0, 5)
      .groupBy((n) => n % 2, { buffer: 1 })
      .map(([key, part]) => (key === 0 ? part.take(1) : part))
      .mergeAll(),
  share: (held) => {
    const shared = held.source("shared", 0, 3).share({ buffer: 1 })
    return shared.merge(shared.take(1))
  },
  broadcast: (held) =>
    Stream.from(
      held.source("source", 0, 3).broadcast(
        [
          (all) => all.toArray(),
          (all) =>
            all
              .take(1)
              .flatMap((n) => held.source("one", n, 1))
              .toArray(),
        ],
        {
          buffer: 1,
        },
      ),
    ).flatMap((lists) => lists.flat()),
  timeout: (held) => held.using("around", () => held.source("source", 0, 3).timeout(10)),
  "timeout that comes": (held) =>
    held
      .using("around", () =>
        held
          .source("source", 0, 2)
          .concat(held.using("stuck", () => Stream.from(Task.never)))
          .timeout(10),
      )
      .catch((error) => (error === wrong ? Stream.fail(error) : held.source("instead", 9, 1))),
  chunkWithin: (held) =>
    held
      .source("source", 0, 4)
      .chunkWithin(2, 5)
      .flatMap((part) => held.source("part", part[0], part.length)),
  debounce: (held) =>
    held
      .source("source", 0, 3)
      .tap(() => Task.sleep(2))
      .debounce(1),
  throttle: (held) =>
    held
      .source("source", 0, 3)
      .tap(() => Task.sleep(2))
      .throttle(3),
  sample: (held) =>
    held
      .source("source", 0, 3)
      .tap(() => Task.sleep(2))
      .sample(3),
  paginate: (held) =>
    Stream.paginate(0, (n) => Task.yield().as([held.source(`page ${n}`, n, 2), n < 2 ? n + 1 : undefined] as const)),
  "onEnd and onFirst": (held) =>
    held
      .source("source", 0, 2)
      .onFirst(() => held.source("first", 0, 1).drain())
      .onEnd(held.source("end", 0, 1).drain()),
  "sliding, and what flatMap makes": (held) =>
    held
      .source("source", 0, 3)
      .sliding(2)
      .flatMap((part) => held.source("part", part[0], 1)),
  "all of it": (held) =>
    held.using("around", () =>
      held
        .source("outer", 0, 2)
        .map((n) => held.source(`inner ${n}`, n * 10, 2).buffer(1))
        .mergeAll({ buffer: 1 })
        .mapTask((n) => held.source(`work ${n}`, n, 1).first(), { concurrency: 2 })
        .zip(held.source("beside", 0, 9)),
    ),
}

/** How a run goes: with what failure, and with what end. */
const ends: Record<string, (stream: Stream<unknown, unknown>, trial: Trial) => Task<unknown, unknown>> = {
  drain: (stream) => stream.drain(),
  first: (stream) => stream.first(),
  "take(2)": (stream) => stream.take(2).toArray(),
  "a failure of who takes": (stream) => stream.forEach(() => Task.yield().andThen(Task.fail(wrong))),
}

const settled = (exit: { readonly status: string; readonly reason?: unknown }): void => {
  must(exit.status === "fulfilled" || exit.reason === wrong, `the failure of the element, got ${exit.reason}`)
}

describe("a stream gets on, however little a fiber may do before it gives way", () => {
  const streams: Record<string, Stream<number>> = {
    range: Stream.range(0, 3),
    array: Stream.of(0, 1, 2),
    "flatMap and mapTask": Stream.of(0).flatMap(() => Stream.range(0, 3).mapTask((n) => Task.yield().as(n))),
    "mapTask with a concurrency": Stream.range(0, 3).mapTask((n) => Task.yield().as(n), { concurrency: 2 }),
    buffer: Stream.range(0, 3).buffer(2),
  }
  for (const [name, stream] of Object.entries(streams)) {
    it(`${name}: with a budget of one operation`, async () => {
      await using runtime = Runtime.make({ budget: 1 })
      const late = Task.sleep(2000).andThen(Task.fail("Expected the end of a stream of three elements."))
      expect(await Task.race([stream.toArray(), late]).toPromise({ runtime })).toEqual([0, 1, 2])
    })

    it(`${name}: where it gives way at random`, async () => {
      for (let seed = 0; seed < 20; seed++) {
        const test = TestRuntime.make({ seed })
        const late = Task.sleep(2000).andThen(Task.fail("Expected the end of a stream of three elements."))
        const many = Stream.range(0, 100).map(() => stream)
        const all = many.flatMap((one) => one).count()
        expect(await test.run(Task.race([all, late]))).toBe(300)
        await test.close()
      }
    })

    it(`${name}: where it gives way before any step`, async () => {
      await checkUnderAll(() => stream.toArray().map((got) => must(got.join() === "0,1,2", `all, got ${got.join()}`)), {
        runs: 500,
        maxSteps: 1000,
      })
    })
  }
})

describe("what is acquired is released once, inside before outside, and nothing runs on", () => {
  for (const [name, pipeline] of Object.entries(pipelines)) {
    for (const [how, end] of Object.entries(ends)) {
      it(`${name}: ${how}`, async () => {
        await checkUnderAll(
          (trial) =>
            end(pipeline(new Held(trial)), trial)
              .attempt()
              .map(settled),
          { runs: RUNS, cancel: true },
        )
      })
    }

    it(`${name}: a failure at any element`, async () => {
      for (let at = 0; at < 5; at++) {
        await checkUnderAll((trial) => pipeline(new Held(trial, at)).drain().attempt().map(settled), {
          runs: RUNS,
          cancel: true,
        })
      }
    })

    it(`${name}: two who run it at once, of whom one is cancelled`, async () => {
      await checkUnderAll(
        (trial) => {
          const stream = pipeline(new Held(trial))
          return together({ a: stream.drain(), b: stream.take(2).drain() })
        },
        { runs: RUNS, cancel: ["a", "b"] },
      )
    })

    it(`${name}: a ReadableStream that is cancelled after any element, and for await with break`, async () => {
      for (let count = 0; count < 4; count++) {
        await checkUnderAll(
          (trial) => {
            const readable = pipeline(new Held(trial)).toReadableStream({ runtime: trial.runtime })
            return Task.promise(async () => {
              const reader = readable.getReader()
              for (let i = 0; i < count; i++) if ((await reader.read()).done) return
              await reader.cancel()
            })
          },
          { runs: 5, patience: 50 },
        )
        let [opened, released] = [0, 0]
        const trial: Trial = {
          runtime: undefined as never,
          check: () => {},
          note: () => {},
          resource: () => {
            opened++
            return () => void released++
          },
        }
        let left = count
        for await (const _ of pipeline(new Held(trial))) if (left-- === 0) break
        expect(released).toBe(opened)
      }
    })
  }
})

describe("share", () => {
  it("runs once for those who are there, and ends with the last, whoever is cancelled when", async () => {
    await checkUnderAll(
      (trial) => {
        const held = new Held(trial)
        const shared = held.source("shared", 0, 3).share({ buffer: 1 })
        const slow = shared.tap(() => Task.yield())
        return together({ a: shared.drain(), b: slow.toArray(), c: shared.take(1).drain(), d: shared.first() })
      },
      { runs: 3000, cancel: ["a", "b", "c", "d"] },
    )
  })

  it("gives everybody neighbours, in order, and those who come late the last ones first", async () => {
    await checkUnderAll(
      (trial) => {
        const held = new Held(trial)
        const shared = held.source("shared", 0, 5).share({ buffer: 2, replay: 1 })
        const check = shared.toArray().map((got) => {
          got.forEach((n, i) => must(i === 0 || n === got[i - 1] + 1, `neighbours, got ${got.join()}`))
          must(got.length === 0 || got.at(-1) === 4, `everything to the end, got ${got.join()}`)
        })
        return Task.gen(function* () {
          const fibers: Fiber<unknown, unknown>[] = []
          for (let i = 0; i < 3; i++) {
            fibers.push(yield* check.startDetached())
            yield* Task.yield()
          }
          for (const fiber of fibers) yield* fiber.join()
        })
      },
      { runs: 3000 },
    )
  })

  it("a failure is everybody's who is there", async () => {
    await checkUnderAll(
      (trial) => {
        const held = new Held(trial, 2)
        const shared = held.source("shared", 0, 5).share({ buffer: 1 })
        const all = shared.drain().attempt()
        return Task.all([all, all]).map((exits) => {
          const failed = exits.filter((exit) => exit.status === "rejected" && exit.reason === wrong)
          // Who comes after the end begins a run of its own.
          must(failed.length === (held.opened === 1 ? 2 : 1), `the failure for everybody, got ${failed.length}`)
        })
      },
      { runs: 2000 },
    )
  })
})

describe("elements under every schedule", () => {
  const list = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

  it("mapTask in order keeps the order, buffer and mergeAll lose nothing, with slow and quick ends", async () => {
    await checkUnderAll(
      (trial) => {
        const source = new Held(trial).source("source", 0, 4)
        return source
          .buffer(1)
          .mapTask((n) => (n % 2 === 0 ? Task.yield().as(n) : Task.pure(n)), { concurrency: 3, buffer: 1 })
          .map((n) => Stream.of(n).tap(() => Task.yield()))
          .mergeAll({ concurrency: 1, buffer: 1 })
          .toArray()
          .map((got) => must(got.join() === list(4).join(), `all in order, got ${got.join()}`))
      },
      { runs: 2000 },
    )
  })

  it("groupBy gives each key its elements in order", async () => {
    await checkUnderAll(
      (trial) =>
        new Held(trial)
          .source("source", 0, 6)
          .groupBy((n) => n % 3, { buffer: 1 })
          .map(([key, part]) => part.tap(() => Task.yield()).map((n) => [key, n] as const))
          .mergeAll({ buffer: 1 })
          .toArray()
          .map((got) => {
            for (const key of [0, 1, 2]) {
              const its = got.filter(([k]) => k === key).map(([, n]) => n)
              must(its.join() === [key, key + 3].join(), `all of ${key} in order, got ${its.join()}`)
            }
          }),
      { runs: 2000 },
    )
  })

  it("broadcast gives everybody everything, and who ends early holds nobody up", async () => {
    await checkUnderAll(
      (trial) =>
        new Held(trial)
          .source("source", 0, 4)
          .broadcast(
            [
              (all) => all.toArray(),
              (all) => all.tap(() => Task.yield()).toArray(),
              (all) => all.first(),
              () => Task.yield(),
            ],
            { buffer: 1 },
          )
          .map(([a, b, c]) => must(`${a} ${b} ${c}` === `${list(4)} ${list(4)} 0`, `everything, got ${a} ${b} ${c}`)),
      { runs: 2000 },
    )
  })

  it("mapTask never runs more than it may, and asks for no more than it can begin", async () => {
    await checkUnderAll(
      (trial) => {
        let running = 0
        return new Held(trial)
          .source("source", 0, 6)
          .tap(() => must(running < 2, "room for each element that is asked for"))
          .mapTask(
            () => {
              must(++running <= 2, `two at most, got ${running}`)
              return Task.yield().finally(() => void running--)
            },
            { concurrency: 2 },
          )
          .drain()
      },
      { runs: 2000 },
    )
  })
})

describe("pipeThrough", () => {
  it("that is left early gives what has come, aborts the writable, and closes the source", async () => {
    for (const count of [1, 2, 5]) {
      let [closed, aborted] = [0, 0]
      const pair = new TransformStream<number, number>({
        cancel() {
          aborted++
        },
      } as Transformer<number, number>)
      const through = Stream.range(0, 5)
        .finally(() => void closed++)
        .pipeThrough(pair)
      expect(await through.take(count).toArray().attempt()).toEqual({
        status: "fulfilled",
        value: Array.from({ length: count }, (_, i) => i),
      })
      expect(closed).toBe(1)
      expect(aborted).toBeLessThanOrEqual(1)
    }
    const of = Stream.of(new Uint8Array([65]), new Uint8Array([66]))
    const decoder = new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>
    expect(await of.pipeThrough(decoder).first()).toBe("A")
  })

  it("keeps the failure of who takes", async () => {
    const through = Stream.range(0).pipeThrough(new TransformStream<number, number>())
    const exit = await through.forEach(() => Task.fail(wrong)).attempt()
    expect(exit).toEqual({ status: "rejected", reason: wrong })
  })
})

describe("a release that fails", () => {
  const broken = (name: string): Error => new Error(`the release of ${name}`)

  /** All that an error says: itself, and what was suppressed. */
  function saidBy(error: unknown): Set<unknown> {
    const said = new Set<unknown>()
    const left = [error]
    for (const one of left) {
      said.add(one)
      const joined = one as { readonly name?: unknown; readonly error?: unknown; readonly suppressed?: unknown }
      if (one instanceof Error && joined.name === "SuppressedError") left.push(joined.error, joined.suppressed)
      if (one instanceof AggregateError) left.push(...(one.errors as unknown[]))
    }
    return said
  }

  const nests: Record<
    string,
    (
      held: (name: string, of: Stream<number, unknown>) => Stream<number, unknown>,
      elements: Stream<number, unknown>,
    ) => Stream<unknown, unknown>
  > = {
    using: (held, elements) => held("a", held("b", held("c", elements))),
    flatMap: (held, elements) =>
      held("a", Stream.of(1)).flatMap(() => held("b", Stream.of(2)).flatMap(() => held("c", elements))),
    "zip on the left": (held, elements) =>
      held(
        "a",
        held("b", elements).zipWith(held("c", Stream.range(0)), (n) => n),
      ),
    "zip on the right": (held, elements) =>
      held(
        "a",
        held("c", Stream.range(0)).zipWith(held("b", elements), (n) => n),
      ),
    interleave: (held, elements) => held("a", held("c", Stream.of(0)).interleave(held("b", elements))),
    mapTask: (held, elements) =>
      held(
        "a",
        held("b", elements).mapTask(
          (n) =>
            held("c", Stream.of(n))
              .first()
              .map((m) => m ?? n),
          { concurrency: 2 },
        ),
      ),
    mergeAll: (held, elements) => held("a", Stream.of(held("b", elements), held("c", Stream.of(1))).mergeAll()),
    buffer: (held, elements) => held("a", held("b", held("c", elements).buffer(2)).buffer(1)),
    switchMap: (held, elements) =>
      held(
        "a",
        held("b", Stream.of(1)).switchMap(() => held("c", elements)),
      ),
    groupBy: (held, elements) =>
      held(
        "a",
        held("b", elements)
          .groupBy((n) => n)
          .map(([, part]) => held("c", part))
          .mergeAll(),
      ),
    timeout: (held, elements) => held("a", held("b", held("c", elements).timeout(100)).timeout(100)),
    share: (held, elements) => held("a", held("b", held("c", elements).share()).share()),
  }

  /** They make elements ahead: a failure behind the last one that was asked for may come too late for anybody. */
  const ahead = ["mapTask", "mergeAll", "buffer", "switchMap", "groupBy", "share"]

  for (const [name, nest] of Object.entries(nests)) {
    it(`${name}: is a failure that can be caught, where an early end closes it`, async () => {
      const error = broken("b")
      const held = (name: string, of: Stream<number, unknown>): Stream<number, unknown> =>
        name === "b" ? of.finally(() => Task.fail(error)) : of
      const exit = await nest(
        held,
        Stream.of(1, 2, 3).tap(() => Task.yield()),
      )
        .first()
        .attempt()
        .toPromise()
      // Where "b" was not opened yet, or is closed already, there is nothing to report.
      expect(exit.status === "fulfilled" || saidBy(exit.reason).has(error)).toBe(true)
    })

    it(`${name}: is reported, and does not stop the others`, async () => {
      for (const breaks of [["a"], ["b"], ["c"], ["a", "b", "c"]]) {
        for (const end of ahead.includes(name) ? ["drain", "failure"] : ["drain", "first", "failure"]) {
          await checkUnderAll(
            (trial) => {
              const open = new Set<string>()
              const failures = new Set<unknown>()
              const held = (name: string, of: Stream<number, unknown>): Stream<number, unknown> =>
                Stream.using(
                  Task.yield().map(() => {
                    open.add(name)
                    return trial.resource(name)
                  }),
                  () => of,
                  (release) =>
                    Task.yield().flatMap(() => {
                      open.delete(name)
                      release()
                      if (!breaks.includes(name)) return Task.unit
                      const error = broken(name)
                      failures.add(error)
                      return Task.fail(error)
                    }),
                )
              const elements = Stream.of(1, 2).tap(() => Task.yield())
              const stream = nest(held, end === "failure" ? elements.concat(Stream.fail(wrong)) : elements)
              const program: Task<unknown, unknown> = end === "first" ? stream.first() : stream.drain()
              trial.check(() => must(open.size === 0, `all to be released, got ${[...open].join()} left`))
              return program.attempt().map((exit) => {
                const said = exit.status === "rejected" ? saidBy(exit.reason) : new Set()
                const unsaid = [...failures].filter((failure) => !said.has(failure))
                // Side by side, what fails first cancels the others, and stands for what they fail with by themselves.
                const enough = ahead.includes(name) ? unsaid.length < failures.size : unsaid.length === 0
                must(failures.size === 0 || enough, `${unsaid.join()} to be reported, got ${exit.status}`)
                if (end === "failure" && !ahead.includes(name))
                  must(said.has(wrong), "the first failure not to be forgotten")
              })
            },
            { runs: 60 },
          )
        }
      }
    })
  }
})
