/** The methods that make tasks, replaced by such as note where. */
import { FiberCore, type Scheduler } from "../fiber/index.ts"
import { Stream } from "../stream/index.ts"
import { drive, isAtOnce, Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import { type Site, Sites } from "./site.ts"
import { traced, trailOf } from "./traced.ts"
import { TracedGenerator } from "./traced-generator.ts"
import { extended } from "./trail.ts"

type AnyTask = Task<unknown, unknown>
type Method = (this: unknown, ...given: unknown[]) => unknown

/** What can fail or wait. A value and what all share (`unit`, `never`, `yield()`, `self()`) are left alone. */
const METHODS: readonly (readonly [owner: object, names: string])[] = [
  [Task, "sync defer fail sleep async promise gen all allSettled race any forEach uncancelable bracket scoped until"],
  [Task.prototype, "map flatMap tap tapError as andThen zip catch mapError attempt finally onCancel logErrors"],
  [Task.prototype, "timeout abortOn delay at retry repeat elapsed timed memoize start startDetached"],
  [FiberCore.prototype, "join"],
  [Stream.prototype, "toArray drain forEach reduce parFold count first last find some every text pipeTo broadcast"],
]

let originals: (readonly [owner: object, name: PropertyKey, descriptor: PropertyDescriptor, ours: unknown])[] = []

/** A method of ours is being called: those that it calls itself make no task of the user's. */
let inside = false

export function replaceMethods(): void {
  for (const [owner, names] of METHODS) {
    for (const name of names.split(" ")) replace(owner, name, (original) => noting(name, original))
  }
  replace(Task.prototype, "timeoutTo", notingTimeoutTo)
  replace(Task.prototype, Symbol.iterator, notingYield)
}

export function restoreMethods(): void {
  for (const [owner, name, descriptor, ours] of originals) {
    // Somebody may have put another one around it since.
    if (Object.getOwnPropertyDescriptor(owner, name)?.value === ours) Object.defineProperty(owner, name, descriptor)
  }
  originals = []
}

function replace(owner: object, name: PropertyKey, make: (original: Method) => Method): void {
  const descriptor = Object.getOwnPropertyDescriptor(owner, name)
  if (typeof descriptor?.value !== "function") throw new Error(`Expected a method ${String(name)}, got none.`)
  const value = Object.defineProperty(make(descriptor.value as Method), "name", { value: descriptor.value.name })
  originals.push([owner, name, descriptor, value])
  Object.defineProperty(owner, name, { ...descriptor, value })
}

function noting(name: string, original: Method): Method {
  const sites = new Sites(`<${name}>`)
  return function method(this: unknown, ...given: unknown[]): unknown {
    if (inside) return Reflect.apply(original, this, given)
    const made = within(() => Reflect.apply(original, this, given))
    if (made === this || !isUnmarked(made)) return made
    // Not in a call that is returned: JavaScriptCore would take us off the stack for that.
    const site = sites.callerOf(method)
    return marked(made, site)
  }
}

/**
 * What `timeoutTo` falls back to runs in its place, so it must not stay on the stack: a program may fall back to itself for
 * ever. It is put together anew, with the fallback outside.
 */
function notingTimeoutTo(original: Method): Method {
  const sites = new Sites("<timeoutTo>")
  const late = Symbol("late")
  return function method(this: unknown, duration: unknown, fallback: unknown): unknown {
    if (inside || !(fallback instanceof Task)) return Reflect.apply(original, this, [duration, fallback])
    const limited: unknown = within(() => Reflect.apply(original, this, [duration, Task.pure(late)]))
    if (limited === this) return this
    const onwards = (value: unknown): AnyTask => (value === late ? fallback : Task.pure(value))
    const site = sites.callerOf(method)
    return marked(new Task(Op.FlatMap, limited, onwards), site)
  }
}

/** `yield*` asks for the iterator from inside the body. What ends on the spot needs no note: the body is on the stack. */
function notingYield(original: Method): Method {
  const sites = new Sites("<yield*>")
  return function iterator(this: unknown): unknown {
    const generator = TracedGenerator.running
    const onTheSpot = this instanceof Task && isAtOnce(this) && mayEndOnTheSpot()
    if (generator !== undefined && !onTheSpot) generator.at = sites.callerOf(iterator)
    return Reflect.apply(original, this, [])
  }
}

function mayEndOnTheSpot(): boolean {
  return ((drive.driver as Scheduler | undefined)?.ops ?? 0) > 0
}

function within<A>(call: () => A): A {
  inside = true
  try {
    return call()
  } finally {
    inside = false
  }
}

function isUnmarked(made: unknown): made is AnyTask {
  return made instanceof Task && trailOf(made) === undefined
}

function marked(made: AnyTask, site: Site | undefined): AnyTask {
  return site === undefined ? made : traced(made, extended(site, undefined))
}
