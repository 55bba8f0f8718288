import type { FiberCore } from "./fiber.ts"

/**
 * Fibers in a doubly linked list through their own `prev` and `next`: the children of a parent, or the suspended roots of
 * a scheduler. A child is no root, so one pair of links serves both, and leaving is O(1).
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
