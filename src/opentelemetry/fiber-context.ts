/**
 * OpenTelemetry's context as a fiber's own.
 *
 * It is kept in a local, so that spans nest on every platform, and children, members of groups and detached fibers have
 * it. Where a context manager is registered, the context is also made the active one, for what asks the manager: the
 * scheduler runs each slice of a fiber in its `side.context` (fiber/scheduler.ts), which is captured with the span active.
 *
 *     outer ────────▶│ the span's context ───────── a wait ── the span's context ─▶│ outer ──────▶
 *               anew ┘  task ………………………………………………………………………………… its end, cleanups  └ anew
 *
 * A slice that has begun cannot change its context. So the fiber leaves the loop and comes back at once, before anybody
 * else (`anew`), where a context begins and where it ends. It does so under a mask: no cancellation finds it half-way, and
 * none can leave the context behind.
 *
 * Captured once, not set by each slice: where async hooks carry it (Node 20 and 22), what `context.with` sets shows in all
 * that is run in the same async resource meanwhile, such as the timers and microtasks that the loop arms in its own.
 */
import { type Context, context } from "@opentelemetry/api"
import { type AsyncContext, captureContext } from "../clock/index.ts"
import type { Exit } from "../data/index.ts"
import { FiberCore, Local, type Owner, perform, SUSPENDED, wait, Waiter } from "../fiber/index.ts"
import { Task } from "../task/index.ts"

/** A context, and what slices are run in so that it is the active one: nothing where no manager would know. */
export interface Place {
  readonly active: Context
  readonly scope: AsyncContext | undefined
}

const current: Local<unknown> = Local.make<unknown>(undefined)

/** The OpenTelemetry context of the fiber that runs now. */
export function contextOf(fiber: FiberCore): Context {
  let binding = fiber.side?.locals
  while (binding !== undefined && binding.local !== current) binding = binding.outer
  return binding === undefined ? context.active() : (binding.value as Context)
}

/** Makes a place in the fiber that runs now: what else it has, such as stores of the user's, stays. */
export function placeOf(active: Context): Place {
  const isActive = (): boolean => context.active() === active
  const scope = context.with(active, captureContext)
  if (scope?.runInAsyncScope(isActive, undefined) === true) return { active, scope }
  return { active, scope: context.with(active, isActive) ? new Called(active) : undefined }
}

/**
 * Runs `task` in `place`, its cleanups included; `atEnd` hears how it came out before the context is as it was. For a fiber
 * that is masked: a task that may be cancelled is in a `restore`.
 */
export function inContext<A, E>(
  fiber: FiberCore,
  place: Place,
  task: Task<A, E>,
  atEnd: (exit: Exit<A>) => void = () => {},
): Task<A, E> {
  const change = place.scope === undefined ? Task.unit : anew
  const leave = enter(fiber, place)
  return change
    .andThen(task)
    .finally((exit) => atEnd(exit))
    .finally(() => {
      leave()
      const side = fiber.ownSide()
      if (change === anew) side.context ??= none
      return change
    })
}

/** The same for a function that is called on the spot: what it starts inherits the context, too. */
export function calledInContext<R>(fiber: FiberCore, place: Place, f: () => R): R {
  const leave = enter(fiber, place)
  try {
    return place.scope === undefined ? f() : place.scope.runInAsyncScope(f, undefined)
  } finally {
    leave()
  }
}

function enter(fiber: FiberCore, { active, scope }: Place): () => void {
  const side = fiber.ownSide()
  const { context: outer, locals } = side
  side.locals = { local: current, value: active, outer: locals }
  if (scope !== undefined) side.context = scope
  return () => {
    side.locals = locals
    if (scope !== undefined) side.context = outer
  }
}

/** For a context manager that knows of calls only: the context is active in each slice anew. */
class Called implements AsyncContext {
  readonly #active: Context

  constructor(active: Context) {
    this.#active = active
  }

  runInAsyncScope<This, Args extends unknown[], R>(f: (this: This, ...args: Args) => R, self: This, ...args: Args): R {
    return context.with(this.#active, () => f.apply(self, args))
  }
}

/**
 * For one slice of a fiber that has no context again. It goes on at once, unless whoever has resumed it has one, which would
 * show in it and in what it starts: then it waits for its turn, which is outside any.
 */
const none: AsyncContext = {
  runInAsyncScope(run, self, ...args) {
    const [fiber] = args as readonly unknown[]
    // Of a group that has been left, which has nothing to do.
    if (!(fiber instanceof FiberCore)) return run.apply(self, args)
    fiber.ownSide().context = undefined
    // The type says that a value is returned; advancing a fiber returns none.
    if (captureContext() !== undefined) return fiber.wake(fiber.cur) as never
    return run.apply(self, args)
  },
}

const owner: Owner = { what: "its turn", left() {} }

/** A fiber that has left the loop to come back: no line has it, and it is masked, so nobody else wakes it. */
class Reentry extends Waiter {
  readonly #fiber: FiberCore

  constructor(fiber: FiberCore) {
    super(fiber, owner, undefined, Task.unit)
    this.#fiber = fiber
  }

  override go(): Task<unknown, unknown> {
    this.#fiber.state &= ~SUSPENDED
    return super.go()
  }
}

/** Goes on in a slice of its own, before anybody else and on what is left of the budget. */
const anew: Task<void> = perform((fiber) => {
  fiber.loop.soon(fiber)
  return wait(new Reentry(fiber))
}, undefined)
