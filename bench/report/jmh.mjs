// @ts-check
/** @import { Beside, Entry, Figure, Metric, Ratio, Role, Row } from "./types.d.ts" */

/**
 * An entry as the reports have it. One that JMH wrote itself knows neither role nor title: its name must do.
 *
 * @param {Entry} entry
 * @returns {Row}
 */
export function rowOf(entry) {
  const own = entry["rapid-fiber"]
  const named = nameOf(entry)
  const runtime = runtimeOf(entry)
  const name = own?.row ?? named.row
  const value = figureOf(entry.primaryMetric, own?.unit)
  return {
    case: own?.case ?? named.case,
    title: own?.title ?? "",
    name,
    label: runtime === "node" ? name : `${name} · ${runtime}`,
    runtime,
    vm: vmOf(entry, runtime),
    role: own?.role ?? (own === undefined && runtime === "JVM" ? "rival" : roleOf(name)),
    floor: own?.floor,
    value,
    mean: own === undefined,
    beside: besideOf(entry.secondaryMetrics ?? {}),
    failures: own?.failures ?? (value === undefined ? ["no result"] : []),
    details: own?.details ?? {},
    toFloor: ratioOf(own?.toFloor),
    toBest: ratioOf(own?.toBest),
    budgets: own?.budgets ?? [],
    command: own?.command,
  }
}

/**
 * `bench.Cats.manySleeps` and `bench.CatsBench.manySleeps` are the case `many-sleeps` of Cats, so that it stands where
 * Node's is.
 *
 * @param {Entry} entry
 */
function nameOf({ benchmark, params = {} }) {
  const [workload = benchmark, library = ""] = benchmark.split(".").toReversed()
  if (benchmark.startsWith("rapid-fiber.")) return { case: library, row: params["row"] ?? workload }
  const others = Object.entries(params).filter(([key]) => key !== "runtime" && key !== "row" && key !== "library")
  const words = [
    params["library"] ?? library.replace(/(?<=.)Bench(mark)?$/, ""),
    ...others.map((pair) => pair.join("=")),
  ]
  return {
    case: workload.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    row: words.filter(Boolean).join(", "),
  }
}

/** @param {Entry} entry */
function runtimeOf({ params = {}, vmName = "" }) {
  const name = params["runtime"] ?? (vmName === "" || /^node/i.test(vmName) ? "node" : "jvm")
  return name === "jvm" ? "JVM" : name
}

/**
 * @param {Entry} entry
 * @param {string} runtime
 */
function vmOf({ vmName, jdkVersion = "" }, runtime) {
  return `${runtime === "node" ? "Node.js" : (vmName ?? runtime)} ${jdkVersion}`.trim()
}

/**
 * @param {string} name
 * @returns {Role}
 */
function roleOf(name) {
  return /^(rapid|shared|closure|held)/.test(name)
    ? "rapid"
    : /^(native|timer|promise|idle)/.test(name)
      ? "floor"
      : "rival"
}

/** JMH measures an operation in any unit of time; the reports have one. */
const milliseconds = new Map([
  ["ns", 1e-6],
  ["us", 1e-3],
  ["ms", 1],
  ["s", 1e3],
])

/**
 * @param {Metric | undefined} metric
 * @param {string} [unit] in place of the metric's own
 * @returns {Figure | undefined}
 */
function figureOf(metric, unit) {
  if (metric === undefined) return undefined
  const own = metric.scoreUnit.replace(/\/op$/, "")
  const times = unit === undefined ? (milliseconds.get(own) ?? 1) : 1
  const finite = (/** @type {unknown} */ value, /** @type {number} */ otherwise) =>
    value !== null && Number.isFinite(Number(value)) ? Number(value) * times : otherwise
  const estimate = finite(metric.score, NaN)
  if (Number.isNaN(estimate)) return undefined
  return {
    estimate,
    low: finite(metric.scoreConfidence?.[0] ?? NaN, estimate),
    high: finite(metric.scoreConfidence?.[1] ?? NaN, estimate),
    unit: unit ?? (milliseconds.has(own) ? "ms" : own),
    raw: (metric.rawData ?? []).map((values) => values.map((value) => value * times)),
  }
}

/** As the harness calls them; JMH's profilers set a dot before the names, and the JVM's says `rss`. */
const names = /** @type {[Beside, RegExp][]} */ ([
  ["cpu", /^·?cpu$/],
  ["gc", /^·?gc$/],
  ["delay", /^·?delay$/],
  ["peakRss", /^·?(peakRss|rss)$/],
  ["heapAfter", /^·?heapAfter$/],
])

/** @param {Readonly<Record<string, Metric>>} metrics */
function besideOf(metrics) {
  /** @type {Partial<Record<Beside, Figure>>} */
  const found = {}
  for (const [name, pattern] of names) {
    const of = figureOf(Object.entries(metrics).find(([key]) => pattern.test(key))?.[1])
    if (of !== undefined) found[name] = of
  }
  return found
}

/**
 * JSON has no NaN: a ratio to what took no time comes as null.
 *
 * @param {Ratio | null | undefined} ratio
 */
function ratioOf(ratio) {
  return Number.isFinite(ratio?.estimate) && Number.isFinite(ratio?.low) && Number.isFinite(ratio?.high)
    ? (ratio ?? undefined)
    : undefined
}
