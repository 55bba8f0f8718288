// @ts-check

/**
 * A promise that resolves when `down` has been called `count` times.
 *
 * @param {number} count
 */
export function latch(count) {
  let left = count
  let open = () => {}
  const opened = /** @type {Promise<void>} */ (new Promise((resolve) => (open = resolve)))
  const down = () => {
    if (--left === 0) open()
  }
  return { opened, down }
}
