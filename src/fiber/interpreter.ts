/**
 * The interpreter: the one loop that runs every fiber.
 *
 * What it is. A Task is a tree of nodes (task/node.ts). A fiber's state is four registers: `cur`, the node to run next;
 * `mode` and `value`, what the last node came to (a value, a failure, a cancellation); and `stack`, the continuation, a
 * stack of nodes whose functions wait for such an outcome. The loop has three movements, and each turn is one of them:
 *
 *     descend   cur has a source: push cur, cur = source                  (Map, FlatMap, Catch, Attempt, Finally, Leave)
 *     perform   cur is a leaf: value = what it yields, or leave the loop   (Pure, Sync, Sleep, Async, Join, Group, …)
 *     deliver   pop a frame and hand it the outcome: it yields a new cur, a new value, or lets the outcome pass
 *
 * Invariants.
 * 1. No movement calls another: user functions are the only calls that may nest, so the JS stack stays flat however deep
 *    a program nests (flatMap both ways, handled errors, starts).
 * 2. One runner. `advance` is called by the scheduler only, for a fiber that was queued; the fiber is then nowhere else.
 *    It leaves as exactly one of suspended, queued again, closing or done, and touches nothing of the fiber after that.
 * 3. `stack` holds nothing above `sp`. What was popped is cleared, so a consumed description can be collected.
 * 4. Every movement but pushing is counted (`--loop.ops`). The count reaching zero is the only way in for fairness and for
 *    cancellation: one comparison pays for both. A request to cancel the running fiber sets it to zero. A fiber that gives
 *    way while it delivers an outcome makes a node of the outcome (`outcome`).
 * 5. A cancellation is delivered between two movements and with no mask up. From then on only cleanups run, each with a
 *    mask up; the outcome they interrupt is kept in a Restore frame, and what fails in them is added to it and passes all
 *    handlers by. A failure that was on its way when the cancellation is delivered gives way to it, as the rejection of an
 *    aborted promise does.
 *
 * 6. An operation that has done something which must be undone pushes what undoes it in the same movement: nothing may come
 *    in between.
 *
 * Who owns the stack. The scheduler lends one array to whichever fiber runs. A fiber that suspends takes along only its
 * frames: none, one inline, a few as a slice; with many, it takes the array itself and the scheduler gets a new one, so
 * that a deep fiber which suspends often is not copied again and again. A fiber that came with such an array runs on it; a few
 * frames are copied back, since an array that grows and is cut at every turn costs more.
 *
 * Why this shape: `npm run bench -- overhead` (one node class and a switch on a small integer beat classes per operation
 * and closures by a third to a half here).
 */
import { CancelledError, type Exit, holdsCancellation, suppress } from "../data/index.ts"
import * as Op from "../task/node.ts"
import { drive, notATask, Task } from "../task/index.ts"
import { cleanupOf } from "./cleanup.ts"
import type { FiberCore } from "./fiber.ts"
import { Group } from "./group.ts"
import { enterMask } from "./mask.ts"
import { Observer } from "./observer.ts"
import { Registration } from "./registration.ts"
import { tracer } from "./seams.ts"
import { DEEPEST_KEPT, detached, type Frame, save, SLICED } from "./stack.ts"
import {
  CANCEL,
  CLEANING,
  DONE,
  FULFILL,
  HELD,
  MASKED,
  type Mode,
  OBSERVED,
  REJECT,
  REJECTED,
  STOPPED,
  CANCELLED,
  UNCLEAN,
} from "./state.ts"
import { leaveGenerator, noGenerator, yielded } from "./stepping.ts"
import type { Waiter } from "./waiter.ts"

type Node = Task<any, any>

const STOP = new Task<never>(Op.Stop, undefined)
/** The state of a cleanup. */
const CLEANUP = MASKED | CLEANING

/** Runs a queued fiber until it suspends, gives way, or its body has ended. */
export function advance(fiber: FiberCore): void {
  const loop = fiber.loop
  const frames = fiber.frames
  let stack: Frame[] = loop.stack
  let sp = 0
  if (frames !== undefined) {
    // What has run is not kept by the fiber.
    fiber.frames = undefined
    if (frames instanceof Array) {
      sp = frames.length
      if (sp > SLICED) stack = frames
      else for (let i = 0; i < sp; i++) stack[i] = frames[i]
    } else {
      stack[sp++] = frames
    }
  }

  let cur: Node = fiber.cur
  let mode: Mode = FULFILL
  let value: any
  let frame: any
  // User functions are called through this variable, so that they get no `this` of ours.
  let f: (...args: any[]) => any
  let registering: Registration | undefined
  cur = orStop(fiber, cur)

  for (;;) {
    try {
      run: for (;;) {
        if (--loop.ops < 0) {
          cur = orStop(fiber, cur)
          if (loop.mustGiveWay(cur)) {
            save(fiber, stack, sp)
            return fiber.wake(cur)
          }
        }

        // Descend into a source, or perform a leaf.
        switch (cur.tag) {
          case Op.Map:
            stack[sp++] = cur.b
            cur = cur.a
            continue
          case Op.FlatMap:
          case Op.Catch:
          case Op.Attempt:
          case Op.Finally:
          case Op.Leave:
            stack[sp++] = cur
            cur = cur.a
            continue
          case Op.Pure:
            value = cur.a
            break
          case Op.Sync:
            f = cur.a
            value = f()
            break
          case Op.Defer:
            f = cur.a
            cur = f()
            if (!(cur instanceof Task)) throw notATask(cur, "what the function of Task.defer returns")
            continue
          case Op.Fail:
            mode = REJECT
            value = cur.a
            tracer.failing?.(cur, stack, sp)
            break
          case Op.Stop:
            fiber.state |= STOPPED
            if (cur.a !== undefined) {
              stack[sp++] = restoring(fiber, CANCEL, fiber.reason)
              cur = cur.a
              continue
            }
            mode = CANCEL
            value = fiber.reason
            break
          case Op.Gen: {
            f = cur.a
            const generator = f()
            if (typeof generator?.next !== "function") throw noGenerator(generator)
            drive.driver = loop
            const step = generator.next()
            leaveGenerator()
            if (step.done) {
              value = step.value
              break
            }
            stack[sp++] = new Task(Op.Stepping, generator)
            cur = yielded(step.value)
            continue
          }
          case Op.Sleep: {
            const sleeper = sp <= 1 && loop.isPlain(fiber) ? detached(stack, sp) : undefined
            if (sleeper === undefined) return suspend(fiber, stack, sp, loop.clock.add(cur.a, fiber, cur.b))
            loop.clock.add(cur.a, sleeper, cur.b)
            return loop.recycle(fiber)
          }
          case Op.Async: {
            const registration = new Registration(fiber, "async")
            f = cur.a
            registering = registration
            const early = registration.returned(f((task: Node) => registration.settle(task), registration))
            registering = undefined
            if (early === undefined) return suspendOutside(fiber, stack, sp, registration)
            cur = early
            continue
          }
          case Op.Promise: {
            const registration = new Registration(fiber, "promise")
            f = cur.a
            const promise = f(f.length > 0 ? registration.signal : undefined)
            if (promise instanceof Task) {
              cur = registration.tie(promise)
              if (cur.tag === Op.Finally) {
                stack[sp++] = cur
                cur = cur.a
              }
              continue
            }
            if (typeof promise?.then !== "function") {
              value = promise
              break
            }
            registration.follow(promise)
            return suspendOutside(fiber, stack, sp, registration)
          }
          case Op.Start:
            value = loop.start(fiber, cur.a, cur.b)
            break
          case Op.Join: {
            const target: FiberCore = cur.a
            if (!(target.state & DONE)) {
              if (target === fiber) throw joinsItself()
              return suspend(fiber, stack, sp, new Observer(target, fiber, undefined, cur.b === undefined))
            }
            if (cur.b !== undefined) {
              value = undefined
              break
            }
            target.state |= OBSERVED
            if (target.state & (REJECTED | CANCELLED)) {
              cur = target.exitTask()
              continue
            }
            value = target.cur
            break
          }
          case Op.Self:
            fiber.state |= HELD
            value = fiber
            break
          case Op.Yield: {
            const sleeper = sp <= 1 && loop.isPlain(fiber) ? detached(stack, sp) : undefined
            if (sleeper === undefined) {
              save(fiber, stack, sp)
              return fiber.wake(Task.unit)
            }
            loop.enqueue(sleeper)
            return loop.recycle(fiber)
          }
          case Op.Never:
            return suspend(fiber, stack, sp, undefined)
          case Op.Group: {
            f = cur.a
            const group = new Group(fiber, f())
            const early = group.begin()
            if (early === undefined) return suspend(fiber, stack, sp, group)
            cur = early
            continue
          }
          case Op.Mask:
            cur = enterMask(fiber, cur.a)
            continue
          case Op.Access:
            f = cur.a
            cur = f(fiber, cur.b)
            if (cur.tag === Op.Leave) {
              stack[sp++] = cur
              cur = cur.a
            } else if (cur.tag === Op.Park) {
              // In line already: whoever serves it must find it suspended.
              return suspend(fiber, stack, sp, cur)
            }
            continue
          case Op.Park:
            cur = (cur as unknown as Waiter).go()
            continue
        }

        // Deliver the outcome to the frames, until one makes a new node of it or none is left.
        for (;;) {
          if (--loop.ops < 0) {
            cur = outcome(mode, value)
            mode = FULFILL
            continue run
          }
          if (sp === 0) {
            if (stack.length > DEEPEST_KEPT && stack === loop.stack) loop.stack = []
            return fiber.end(mode, value)
          }
          frame = stack[--sp]
          stack[sp] = undefined as never
          if (typeof frame === "function") {
            if (mode === FULFILL) value = frame(value)
            continue
          }

          if (mode === FULFILL) {
            switch (frame.tag) {
              case Op.FlatMap:
                f = frame.b
                cur = f(value)
                if (!(cur instanceof Task)) throw notATask(cur, "what the callback of flatMap returns")
                continue run
              case Op.Attempt:
                value = { status: "fulfilled", value }
                continue
              case Op.Stepping: {
                drive.driver = loop
                drive.resuming = true
                const step = frame.a.next(value)
                leaveGenerator()
                if (step.done) {
                  value = step.value
                  continue
                }
                stack[sp++] = frame
                cur = yielded(step.value)
                continue run
              }
            }
          } else {
            // After a cancellation a failure can only be that of a cleanup: it passes the handlers by, as the cancellation does.
            const handled = mode === REJECT && (fiber.state & (STOPPED | CLEANING)) !== STOPPED
            switch (frame.tag) {
              case Op.Catch:
                if (!handled) continue
                fiber.state &= ~UNCLEAN
                mode = FULFILL
                f = frame.b
                cur = f(value)
                if (!(cur instanceof Task)) throw notATask(cur, "what the handler of catch returns")
                continue run
              case Op.Attempt:
                if (!handled) continue
                fiber.state &= ~UNCLEAN
                mode = FULFILL
                value = { status: "rejected", reason: value }
                continue
              case Op.Stepping: {
                if (handled) fiber.state &= ~UNCLEAN
                else stack[sp++] = restoring(fiber, mode, value)
                mode = FULFILL
                drive.driver = loop
                const step = handled ? frame.a.throw(value) : frame.a.return()
                leaveGenerator()
                if (step.done) {
                  value = step.value
                  continue
                }
                stack[sp++] = frame
                cur = yielded(step.value)
                continue run
              }
            }
          }

          // The three frames that take any outcome.
          if (frame.tag === Op.Leave) {
            f = frame.b
            f(fiber, frame.a, mode)
          } else if (frame.tag === Op.Finally) {
            const exit = exitOf(mode, value)
            stack[sp++] = restoring(fiber, mode, value)
            mode = FULFILL
            f = frame.b
            cur = typeof f === "function" ? cleanupOf(f(exit)) : f
            continue run
          } else if (frame.tag === Op.Restore) {
            const before = (frame.a & ~CLEANUP) as Mode
            fiber.state = (fiber.state & ~CLEANUP) | (frame.a & CLEANUP)
            if (mode === REJECT) fiber.state |= UNCLEAN
            if (fiber.stopping) loop.attend()
            if (mode === FULFILL) value = frame.b
            else if (before === REJECT) value = suppress(value, frame.b)
            else if (before === CANCEL) value = suppress(value, new CancelledError(frame.b))
            if (mode === FULFILL) mode = before
          }
        }
      }
    } catch (thrown) {
      leaveGenerator()
      drive.resuming = false
      mode = FULFILL
      cur = registering === undefined ? Task.fail<unknown>(thrown) : registering.threw(thrown)
      registering = undefined
    }
  }
}

/** Leaves the fiber waiting for `wait`. A cancellation that was requested while it registered interrupts it at once. */
function suspend(fiber: FiberCore, stack: Frame[], sp: number, wait: unknown): void {
  save(fiber, stack, sp)
  fiber.suspend(wait)
}

function suspendOutside(fiber: FiberCore, stack: Frame[], sp: number, wait: Registration): void {
  fiber.loop.outside++
  suspend(fiber, stack, sp, wait)
}

/** Puts a mask up for a cleanup, and makes the frame that sets it as it was and goes on with the outcome. */
function restoring(fiber: FiberCore, mode: Mode, value: unknown): Node {
  const frame = new Task(Op.Restore, mode | (fiber.state & CLEANUP), value)
  fiber.state |= CLEANUP
  return frame
}

/**
 * What to run next: `cur`, or the delivery of a cancellation in its place. A Stop that brings its cleanup along is that
 * delivery. A failure on its way gives way to it, unless it is that of a cleanup, its own or one in its group: that is kept beside it. A waiter that
 * has been served gives back what it was given.
 */
function orStop(fiber: FiberCore, cur: Node): Node {
  if (!fiber.stopping || fiber.state & STOPPED || cur?.tag === Op.Stop) return cur
  if (cur?.tag === Op.Park) (cur as unknown as Waiter).leave()
  if (cur?.tag !== Op.Fail) return STOP
  const ofCleanup = fiber.state & UNCLEAN || (holdsCancellation(cur.a) && !(cur.a instanceof CancelledError))
  return ofCleanup ? new Task(Op.Stop, cur) : STOP
}

/** The node that comes to this outcome: for a fiber that gives way while it delivers one. */
function outcome(mode: Mode, value: unknown): Node {
  if (mode === CANCEL) return STOP
  return new Task(mode === FULFILL ? Op.Pure : Op.Fail, value)
}

function exitOf(mode: Mode, value: unknown): Exit<unknown> {
  if (mode === FULFILL) return { status: "fulfilled", value }
  return { status: mode === REJECT ? "rejected" : "cancelled", reason: value }
}

function joinsItself(): TypeError {
  return new TypeError("Expected a fiber to join another, got itself.")
}
