// @ts-check
import { differs, interval } from "./bootstrap.mjs"
import { percentile } from "./statistics.mjs"
import { roleOf } from "./summary.mjs"
/** @import { About, Compared, Options, Runtime } from "./types.d.ts" */

/**
 * A result as JMH writes it, so that its viewers open the file. What JMH has no word for is under "rapid-fiber".
 *
 * @param {{
 *   readonly name: string, readonly about: About, readonly compared: Compared, readonly options: Options,
 *   readonly runtime: Runtime, readonly machine: unknown,
 * }} of
 */
export function entryOf({ name, about, compared, options, runtime, machine }) {
  const { row, summary, failures } = compared.result
  const unit = about.unit ?? "ms"
  const { warmups, iterations, seconds } = options.iterations
  const once = about.once === true
  const measured = summary?.measured ?? []
  return {
    jmhVersion: "rapid-fiber-bench 1",
    benchmark: `rapid-fiber.${name}.${row.name.replaceAll(" ", "_")}`,
    mode: "ss",
    threads: 1,
    forks: measured.length + failures.length,
    jvm: runtime.binary.replace(/.*[\\/]/, ""),
    jdkVersion: runtime.version,
    vmName: runtime.name,
    vmVersion: runtime.version,
    warmupIterations: once ? 0 : warmups,
    warmupTime: `${seconds} s`,
    warmupBatchSize: 1,
    measurementIterations: once ? 1 : iterations,
    measurementTime: `${seconds} s`,
    measurementBatchSize: 1,
    params: { runtime: runtime.name, row: row.name },
    primaryMetric: metric(summary?.forks, unit === "ms" ? "ms/op" : unit),
    secondaryMetrics: Object.fromEntries(
      [
        ["cpu", measured.map(({ readings }) => readings.flatMap(({ cpu }) => known(cpu))), "ms"],
        ["gc", measured.map(({ gc }) => known(gc)), "ms"],
        ["delay", measured.map(({ delay }) => known(delay)), "ms"],
        ["peakRss", about.rss === false ? [] : measured.map(({ peakRss }) => known(peakRss)), "MiB"],
        ["heapAfter", measured.map(({ heapAfter }) => known(heapAfter)), "MiB"],
      ].flatMap(([key, forks, of]) =>
        Array.isArray(forks) && forks.flat().length > 0 ? [[key, metric(forks, String(of))]] : [],
      ),
    ),
    "rapid-fiber": {
      case: name,
      row: row.name,
      title: about.title,
      unit,
      role: roleOf(row),
      library: row.name.split(/[ ,]/)[0],
      floor: row.floor,
      failures,
      details: summary?.details ?? {},
      toFloor: compared.toFloor,
      toBest: compared.toBest,
      sameAsBest: compared.toBest === undefined ? undefined : !differs(compared.toBest),
      budgets: (row.budgets ?? []).map((budget) => ({ text: budget.text, holds: budget.holds(compared) })),
      machine,
      command: `npm run bench -- ${name}${runtime.name === "node" ? "" : ` --runtimes ${runtime.name}`}`,
    },
  }
}

/**
 * What the runtime has told, if it has.
 *
 * @param {number | undefined} value
 */
const known = (value) => (value === undefined ? [] : [value])

const percentiles = [0, 50, 90, 95, 99, 99.9, 99.99, 99.999, 99.9999, 100]

/**
 * JMH's form of a metric; "NaN" is how it writes one that failed.
 *
 * @param {readonly (readonly number[])[] | undefined} forks
 * @param {string} scoreUnit
 */
export function metric(forks, scoreUnit) {
  if (forks === undefined || forks.length === 0) {
    return { score: "NaN", scoreError: "NaN", scoreConfidence: ["NaN", "NaN"], scorePercentiles: {}, scoreUnit, rawData: [] }
  }
  const { estimate, low, high } = interval(forks)
  const values = forks.flat()
  return {
    score: estimate,
    scoreError: (high - low) / 2,
    scoreConfidence: [low, high],
    scorePercentiles: Object.fromEntries(percentiles.map((p) => [p.toFixed(p % 1 === 0 ? 1 : String(p).split(".")[1].length), percentile(values, p / 100)])),
    scoreUnit,
    rawData: forks,
  }
}
