// @ts-check

/**
 * Numbers from 0 to below 1, the same ones for the same seed (mulberry32), so that every variant sleeps the same.
 *
 * @param {number} seed
 * @returns {() => number}
 */
export function random(seed) {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}
