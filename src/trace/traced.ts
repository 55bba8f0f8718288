/**
 * Tasks that carry a trail. The interpreter knows nothing of it: the trail is where a failure finds it.
 *
 *     FlatMap, Catch, Attempt, Finally    the node is its own frame: on the node
 *     Map                                 the function is the frame: on a function around it
 *     Sleep, Promise, Join, Group         gone when they fail: on a Leave around them, a frame that stays while they wait
 *     Gen                                 on the generator, which stays on the stack
 *     Async                               on the registration, for dumps; what it is resumed with carries it on
 *     Start                               on a Leave around the program: the outermost frame of the child
 *
 * Functions of the user's are called by a function of ours, which remembers what they throw. A Task that one of them returns
 * runs in the place of its node, whose frame is gone: it is copied, and the copy carries the trail on. Tasks are never
 * changed, for others may run them, too.
 */
import { Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import { called } from "./called.ts"
import { type Steps, TracedGenerator } from "./traced-generator.ts"
import { extended, Trail } from "./trail.ts"

type AnyTask = Task<unknown, unknown>
type AnyFunction = (...given: unknown[]) => unknown

/** What a task of ours has beside a tag and two fields. */
interface Marks {
  trail?: Trail
  /** The user's part, as it was given: a copy puts another function around it. */
  raw?: unknown
}

/** The trail of a task, of the function of a map, or of a registration. */
export function trailOf(holder: unknown): Trail | undefined {
  const trail = (holder as Marks | undefined | null)?.trail
  return trail instanceof Trail ? trail : undefined
}

/** A copy of `task` that carries `trail` in place of its own. */
export function traced(task: AnyTask, trail: Trail): AnyTask {
  const raw = (task as Marks).raw
  const make = MAKERS[task.tag]
  return make === undefined ? task : make(task, raw, trail)
}

/** What a function of a task with this trail has returned, and what runs now in the task's place. */
function carriedOn<A>(returned: A, trail: Trail): A {
  if (!(returned instanceof Task) || returned.tag >= Op.Park || HARMLESS.has(returned.tag)) return returned
  const own = trailOf(returned)
  return traced(returned, own === undefined ? trail : extended(own.site, trail)) as A
}

/** What cannot fail has no use for the trail of who returned it. */
const HARMLESS: ReadonlySet<number> = new Set([Op.Pure, Op.Sleep, Op.Start, Op.Self, Op.Yield, Op.Never])

type Maker = (task: AnyTask, raw: unknown, trail: Trail) => AnyTask

/** By tag; what has none is left as it is: values, and tasks that all share. */
const MAKERS: Readonly<Record<number, Maker>> = {
  [Op.Sync]: withFirst((f, trail) => () => called(trail, f)),
  [Op.Defer]: withFirst((f, trail) => () => carriedOn(called(trail, f), trail)),
  [Op.Mask]: withFirst((f, trail) => (restore) => carriedOn(called(trail, f, restore), trail)),
  [Op.Access]: withFirst((f, trail) => (fiber, on) => carriedOn(called(trail, f, fiber, on), trail)),
  [Op.Gen]: withFirst((f, trail) => () => {
    const generator = called(trail, f) as Partial<Steps> | undefined | null
    return typeof generator?.next === "function" ? new TracedGenerator(generator as Steps, trail, f.name) : generator
  }),
  [Op.Async]: withFirst((f, trail) => (resume, on) => {
    const registration = on as Marks
    registration.trail = trail
    return called(trail, f, (task: unknown) => (resume as AnyFunction)(carriedOn(task, trail)), on)
  }),
  [Op.Map]: withSecond((f, trail) => {
    const frame = (value: unknown): unknown => called(trail, f, value)
    return Object.assign(frame, { trail })
  }),
  [Op.FlatMap]: withSecond((f, trail) => (value) => carriedOn(called(trail, f, value), trail)),
  [Op.Catch]: withSecond((f, trail) => (error) => carriedOn(called(trail, f, error), trail)),
  [Op.Finally]: (task, raw = task.b, trail) => {
    const cleanup =
      typeof raw === "function"
        ? (exit: unknown) => carriedOn(called(trail, raw as AnyFunction, exit), trail)
        : carriedOn(raw, trail)
    return marked(new Task(Op.Finally, task.a, cleanup), trail, raw)
  },
  [Op.Fail]: copied,
  [Op.Attempt]: copied,
  [Op.Leave]: copied,
  [Op.Sleep]: around,
  [Op.Join]: around,
  [Op.Group]: around,
  [Op.Promise]: (task, _raw, trail) => {
    const f = task.a as AnyFunction
    // How many parameters it declares says whether it wants a signal.
    const call = f.length > 0 ? (signal: AbortSignal) => called(trail, f, signal) : () => called(trail, f)
    return around(new Task(Op.Promise, call), undefined, trail)
  },
  [Op.Start]: (task, _raw, trail) => new Task(Op.Start, around(task.a, undefined, trail), task.b),
}

function withFirst(wrap: (f: AnyFunction, trail: Trail) => AnyFunction): Maker {
  return (task, raw = task.a, trail) => marked(new Task(task.tag, wrap(raw as AnyFunction, trail), task.b), trail, raw)
}

function withSecond(wrap: (f: AnyFunction, trail: Trail) => AnyFunction): Maker {
  return (task, raw = task.b, trail) => marked(new Task(task.tag, task.a, wrap(raw as AnyFunction, trail)), trail, raw)
}

function copied(task: AnyTask, _raw: unknown, trail: Trail): AnyTask {
  return marked(new Task(task.tag, task.a, task.b), trail, undefined)
}

/** In a frame that does nothing and stays on the stack while the task waits. */
function around(task: AnyTask, _raw: unknown, trail: Trail): AnyTask {
  return marked(new Task(Op.Leave, task, nothing), trail, undefined)
}

function nothing(): void {}

function marked(task: AnyTask, trail: Trail, raw: unknown): AnyTask {
  const marks = task as Marks
  marks.trail = trail
  marks.raw = raw
  return task
}
