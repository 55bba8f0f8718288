// @ts-check

/**
 * Loads fp4ts as it runs in production: unless told otherwise before it is loaded, it keeps a trace of every step.
 *
 * @returns {Promise<typeof import("@fp4ts/effect")>}
 */
export function loadFp4ts() {
  process.env["FP4TS_TRACING_MODE"] = "off"
  return import("@fp4ts/effect")
}
