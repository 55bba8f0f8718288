// @ts-check

/**
 * Every variant verifies its own result: a wrong one is a failure in the table.
 *
 * @param {unknown} actual
 * @param {unknown} expected
 * @param {string} what
 */
export function expectEqual(actual, expected, what) {
  if (actual !== expected) throw new Error(`Expected ${what} to be ${expected}, got ${actual}`)
}

/**
 * @param {Promise<unknown>} promise
 * @param {string} what
 */
export async function expectRejection(promise, what) {
  const rejected = await promise.then(
    () => false,
    () => true,
  )
  if (!rejected) throw new Error(`Expected ${what} to fail, got a value`)
}
