import type { FiberCore } from "./fiber.ts"

/**
 * Fibers in a doubly linked list through their own `prev` and `next`, the last one first: the children of a parent, the
 * members of a group, or the suspended roots of a scheduler. Nobody is two of these, so one pair of links serves all, and
 * leaving is O(1).
 */
export interface Family {
  children: FiberCore | undefined
}

export function join(family: Family, fiber: FiberCore): void {
  const first = family.children
  fiber.next = first
  if (first !== undefined) first.prev = fiber
  family.children = fiber
}

export function leave(family: Family, fiber: FiberCore): void {
  const { prev, next } = fiber
  if (prev === undefined) family.children = next
  else prev.next = next
  if (next !== undefined) next.prev = prev
  fiber.prev = undefined
  fiber.next = undefined
}

/** Tells all of them to stop. Each leaves when it has ended, from the loop, so that the list stays as it is meanwhile. */
export function abort(family: Family, reason?: unknown): void {
  for (let fiber = family.children; fiber !== undefined; fiber = fiber.next) fiber.abort(reason)
}

export function list(family: Family | undefined): FiberCore[] {
  const fibers: FiberCore[] = []
  for (let fiber = family?.children; fiber !== undefined; fiber = fiber.next) fibers.push(fiber)
  return fibers
}
