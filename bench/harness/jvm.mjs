// @ts-check
import { runJvm } from "../jvm/run.mjs"
import { metric } from "./results.mjs"
/** @import { Journal } from "./journal.mjs" */
/** @import { Options } from "./types.d.ts" */

/**
 * The libraries of the JVM, as entries beside ours; none, and a line that says why, where there is no JDK.
 *
 * @param {Options} options
 * @param {unknown} machine
 * @param {Journal} journal
 */
export async function jvmEntries({ cases, quick, forks, iterations }, machine, journal) {
  const { warmups, iterations: measured, seconds } = iterations
  const result = await runJvm({
    quick,
    journal: /** @type {any} */ (journal),
    ...(cases.length > 0 && { regex: cases.map((name) => `\\.${camelCase(name)}`).join("|") }),
    ...(forks !== undefined && { forks }),
    // As long as ours, all iterations together.
    ...(quick ? {} : { warmups, iterations: measured, time: Math.max(Math.round(seconds / measured), 1) }),
    onResult: ({ name, median, peakRss, failure }) =>
      console.log(`jvm  ${name.padEnd(56)} ${failure ?? `${median?.toFixed(1)} ms, ${peakRss?.toFixed(0)} MiB`}`),
  })
  if ("skipped" in result) {
    console.log(result.skipped)
    return []
  }
  return result.cells.map(({ library, workload, params, peakRss, details, failure, jmh }) => ({
    jmhVersion: "1.37",
    benchmark: `${library}.${workload}`,
    mode: "avgt",
    threads: 1,
    forks: jmh.length,
    jdkVersion: String(result.jdk),
    vmName: "JVM",
    params: { ...params, runtime: "jvm" },
    primaryMetric: metric(
      jmh.map(({ primaryMetric }) => primaryMetric.rawData.flat()),
      "ms/op",
    ),
    secondaryMetrics: peakRss === undefined ? {} : { peakRss: metric([[peakRss]], "MiB") },
    "rapid-fiber": {
      case: workload.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      row: [library, ...Object.values(params)].join(" "),
      title: `${workload} on the JVM`,
      unit: "ms",
      role: "rival",
      library,
      failures: failure === undefined ? [] : [failure],
      details,
      budgets: [],
      machine: { .../** @type {object} */ (machine), packages: result.versions },
      command: `node bench/jvm/run.mjs '^${library}.${workload}'`,
    },
  }))
}

/** @param {string} name of a case or how it begins */
function camelCase(name) {
  return name.replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase())
}
