/**
 * What a fiber takes along of the continuation stack that the scheduler lent it: nothing, the function of one map, one
 * frame, a slice, or, when it is deep, the array itself (interpreter.ts says why).
 */
import type { Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import type { FiberCore } from "./fiber.ts"

/** What waits for an outcome: a node, or the function of a map, which says it all, so that what has run is not kept. */
export type Frame = Task<any, any> | ((value: any) => any)

/** Up to this depth a suspended fiber keeps a slice; beyond, it takes the array. */
export const SLICED = 32
/** A stack that has been deeper than this is not kept for the next fiber. */
export const DEEPEST_KEPT = 4096

const NOTHING = (): void => {}

/** Moves the frames from the stack into the fiber. */
export function save(fiber: FiberCore, stack: Frame[], sp: number): void {
  const lent = stack === fiber.loop.stack
  if (sp === 0) {
    fiber.frames = undefined
  } else if (lent && sp === 1) {
    fiber.frames = stack[0]
    stack[0] = undefined as never
  } else if (sp <= SLICED && (lent || stack.length > DEEPEST_KEPT)) {
    fiber.frames = stack.slice(0, sp)
    if (lent) for (let i = 0; i < sp; i++) stack[i] = undefined as never
  } else {
    stack.length = sp
    fiber.frames = stack
    if (lent) fiber.loop.stack = []
  }
}

/**
 * Takes the continuation of a fiber that nobody holds off the stack, if it is small enough to stand alone: nothing, the
 * function of a map, or one flatMap.
 */
export function detached(stack: Frame[], sp: number): Frame | undefined {
  if (sp === 0) return NOTHING
  const frame = stack[0]
  if (typeof frame !== "function" && frame.tag !== Op.FlatMap) return undefined
  stack[0] = undefined as never
  return frame
}
