/**
 * What a fiber takes along of the continuation stack that the scheduler lent it: nothing, the function of one map, one
 * frame, a slice, or, when it is deep, the array itself (interpreter.ts says why).
 */
import type { Task } from "../task/index.ts"
import * as Op from "../task/node.ts"
import type { FiberCore } from "./fiber.ts"

type Node = Task<any, any>

/** Up to this depth a suspended fiber keeps a slice; beyond, it takes the array. */
const SLICED = 32
/** A stack that has been deeper than this is not kept for the next fiber. */
export const DEEPEST_KEPT = 4096

const NOTHING = (): void => {}

/** Moves the frames from the stack into the fiber. */
export function save(fiber: FiberCore, stack: Node[], sp: number): void {
  const lent = stack === fiber.loop.stack
  if (sp === 0) {
    fiber.frames = undefined
  } else if (lent && sp === 1) {
    // The function of a map says it all; the node would keep the consumed description alive.
    fiber.frames = stack[0].tag === Op.Map ? stack[0].b : stack[0]
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
export function detached(stack: Node[], sp: number): Node | ((value: void) => unknown) | undefined {
  if (sp === 0) return NOTHING
  const frame = stack[0]
  if (frame.tag !== Op.Map && frame.tag !== Op.FlatMap) return undefined
  stack[0] = undefined as never
  return frame.tag === Op.Map ? frame.b : frame
}
