// @ts-check
/** @import { Budget } from "./types.d.ts" */

/**
 * At most so many times the floor.
 *
 * @param {number} times
 * @param {string} [floor] what it is, if it is not a row
 * @returns {Budget}
 */
export const timesFloor = (times, floor) => ({
  text: `≤ ${times} × ${floor ?? "floor"}`,
  holds: ({ toFloor }) => (toFloor === undefined ? undefined : toFloor.estimate <= times),
})

/**
 * At most so many times a rival.
 *
 * @param {number} times
 * @param {string} name of its row
 * @returns {Budget}
 */
export const timesRow = (times, name) => ({
  text: `≤ ${times} × ${name}`,
  holds: ({ result, others }) => {
    const [ours, theirs] = [result, others.get(name)].map((of) => of?.summary?.median)
    return ours === undefined || theirs === undefined ? undefined : ours <= times * theirs
  },
})

/**
 * Faster than the rows of these names; one that has failed is slower than any.
 *
 * @param {...string} names
 * @returns {Budget}
 */
export const fasterThan = (...names) => ({
  text: `< ${names.join(", ")}`,
  holds: ({ result, others }) =>
    names.every((name) => (result.summary?.median ?? Infinity) < (others.get(name)?.summary?.median ?? Infinity)),
})

/**
 * A peak of resident memory.
 *
 * @param {number} mebibytes
 * @returns {Budget}
 */
export const peakRss = (mebibytes) => ({
  text: `≤ ${mebibytes} MiB`,
  holds: ({ result }) => (result.summary?.peakRss ?? Infinity) <= mebibytes,
})

/**
 * The value itself, in the unit of the case.
 *
 * @param {number} value
 * @param {string} unit
 * @returns {Budget}
 */
export const atMost = (value, unit) => ({
  text: `≤ ${value} ${unit}`,
  holds: ({ result }) => (result.summary?.median ?? Infinity) <= value,
})

/**
 * A detail that must be zero.
 *
 * @param {string} name
 * @returns {Budget}
 */
export const none = (name) => ({
  text: `${name} 0`,
  holds: ({ result }) => result.summary?.details[name] === 0,
})

/**
 * Something to read the value beside; it is not judged.
 *
 * @param {string} text
 * @returns {Budget}
 */
export const beside = (text) => ({ text, holds: () => undefined })
