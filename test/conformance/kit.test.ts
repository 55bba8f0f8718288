import { describe, expect, it } from "vitest"
import type { Adapter, Extras, Handle, Program } from "./adapter.ts"
import { engines } from "./engines.ts"
import { rapidAdapter } from "./rapid-adapter.ts"
import { suites } from "./suites.ts"

/** A kit that finds nothing proves nothing: libraries that break a law, each in one place. */
type Library = Adapter & Omit<Extras, "inOrder">

/** A library in which handles are other ones. */
const handles = (a: Library, change: (handle: Handle<never>) => Partial<Handle<never>>): Partial<Library> => ({
  start: <A>(program: Program<A>, options?: { readonly detached?: boolean }) =>
    a.map(a.start(program, options), (handle): Handle<A> => ({
      join: () => handle.join(),
      cancel: (reason) => handle.cancel(reason),
      abort: (reason) => handle.abort(reason),
      poll: () => handle.poll(),
      ...change(handle as Handle<never>),
    })),
})

const broken: Readonly<Record<string, (a: Library) => Partial<Library>>> = {
  "wraps failures": (a) => ({ fail: (reason) => a.fail(new Error("wrapped", { cause: reason })) }),
  "runs what is only described": (a) => ({
    sync(f) {
      const value = f()
      return a.pure(value)
    },
  }),
  "never undoes a registration": (a) => ({ async: (register) => a.async((resume) => void register(resume)) }),
  "cannot handle failures": () => ({ catch: (program) => program }),
  "skips cleanups on cancellation": (a) => ({
    finally: (program, cleanup) =>
      a.finally(program, (exit) => {
        if (exit.status === "cancelled") return undefined
        return typeof cleanup === "function" ? cleanup(exit) : cleanup
      }),
  }),
  "cleans up twice": (a) => ({ finally: (program, cleanup) => a.finally(a.finally(program, cleanup), cleanup) }),
  "swallows what fails in a cleanup": (a) => ({
    finally: (program, cleanup) =>
      a.finally(program, (exit) =>
        a.attempt(
          a.gen(function* () {
            const next = typeof cleanup === "function" ? cleanup(exit) : cleanup
            if (next) yield* next
          }),
        ),
      ),
  }),
  "has no masks": (a) => ({ uncancelable: (body) => a.flatMap(a.pure(undefined), () => body((program) => program)) }),
  "cannot restore": (a) => ({ uncancelable: (body) => a.uncancelable(() => body((program) => program)) }),
  "does not sleep": (a) => ({ sleep: () => a.yield() }),
  "overflows long sleeps": (a) => ({ sleep: (ms) => a.sleep(ms >= 2 ** 31 ? 1 : ms) }),
  "does not yield": (a) => ({ yield: () => a.pure(undefined) }),
  "lets children outlive their parents": (a) => ({ start: (program) => a.start(program, { detached: true }) }),
  "does not wait for a cancellation": (a) =>
    handles(a, (handle) => ({ cancel: (reason) => a.sync(() => handle.abort(reason)) })),
  "loses the reason": (a) => handles(a, (handle) => ({ cancel: () => handle.cancel(), abort: () => handle.abort() })),
  "cancels a fiber with its waiter": (a) =>
    handles(a, (handle) => ({ join: () => a.finally(handle.join(), handle.cancel()) })),
  "runs one after the other": (a) => ({ all: (programs) => a.all(programs, { concurrency: 1 }) }),
  "knows no bounds": (a) => ({ all: (programs) => a.all(programs) }),
  "takes a success for the first to settle": (a) => ({ race: (programs) => a.any(programs) }),
  "has no time limits": () => ({ timeout: (program) => program }),
  "does not heed signals": (a) => ({ run: (program) => a.run(program) }),
  "does not release": (a) => ({ bracket: (acquire, use) => a.bracket(acquire, use, () => undefined) }),
  "forgets at once": () => ({ memoize: (program) => program }),
  "tries once more": (a) => ({ retry: (program, { times }) => a.retry(program, { times: times + 1 }) }),
  "reports nothing": () => ({ unobserved: () => Promise.resolve([]) }),
}

/** A law that is broken may also wait for ever. */
const inTime = (promise: Promise<void>): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("hangs")), 2000)
    promise.finally(() => clearTimeout(timer)).then(resolve, reject)
  })

/** The first law that does not hold, if there is one. */
async function firstBroken(change: (a: Library) => Partial<Library>): Promise<string | undefined> {
  const [engine] = engines
  if (engine === undefined) throw new Error("Expected an engine, got none")
  for (const { differs, name, check } of suites.flatMap(({ laws }) => laws)) {
    if (differs !== undefined) continue
    const adapter = rapidAdapter(engine)
    try {
      await inTime(check({ ...adapter, ...change(adapter) }))
      if (adapter.pending() > 0) return `${name}: leaves something running`
    } catch {
      return name
    } finally {
      await inTime(adapter.close()).catch(() => {})
    }
  }
  return undefined
}

describe("the kit", () => {
  it.concurrent.each(Object.entries(broken))("notices a library that %s", async (_, change) => {
    expect(await firstBroken(change)).toBeDefined()
  })

  it.concurrent("finds nothing in one that breaks no law", async () => {
    expect(await firstBroken(() => ({}))).toBeUndefined()
  })
})
