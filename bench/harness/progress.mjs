// @ts-check

/**
 * Says on a terminal what is being measured; silent elsewhere.
 *
 * @param {string} text empty to take the line away
 */
export function progress(text) {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`)
}
