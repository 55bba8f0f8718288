// @ts-check
import { BAND, draw, EDGE, hollow, stroke, WIDTH, write, writeBoth } from "./chart.mjs"
import { figure, tick } from "./figure.mjs"
/** @import { Interval, Role } from "./types.d.ts" */
/** @import { Scale } from "./chart.mjs" */

/** Beyond it, small bars cannot be told apart on a linear scale. */
const SPREAD = 20
const THICK = 12

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {Role} role
 * @property {Interval | undefined} value
 * @property {number | undefined} [floor] where its floor lies
 * @property {string | undefined} [failure] in place of the value
 */

/**
 * A horizontal bar for each row, with its interval, and its floor as a dashed line.
 *
 * @param {{ id: string, title: string, unit: string, bars: readonly Bar[] }} of
 */
export function drawBars({ id, title, unit, bars }) {
  const scale = scaleOf(bars)
  return draw({
    ...{ id, title, scale, bands: bars.length, label: tick },
    series: [
      {
        type: "bar",
        barWidth: THICK,
        data: bars.map(({ value, role }) => ({ value: value?.estimate ?? "-", itemStyle: looks[role] })),
        barMinHeight: 1,
      },
      {
        ...{ type: "custom", z: 3 },
        data: bars.map((_, index) => [index]),
        renderItem: (/** @type {unknown} */ _params, /** @type {Api} */ api) => {
          const bar = bars[Number(api.value(0))]
          const x = (/** @type {number} */ value) => api.coord([Math.max(value, scale.min), Number(api.value(0))])[0]
          const y = api.coord([scale.max, Number(api.value(0))])[1]
          return { type: "group", children: [...floorLine(bar, x, y), ...interval(bar, x, y), ...words(bar, y, unit)] }
        },
      },
    ],
  })
}

/** @typedef {{ value: (dimension: number) => unknown, coord: (point: number[]) => number[] }} Api */

/** Told apart by more than colour: ours is solid, a rival hatched, the floor hollow. */
const looks = {
  rapid: { color: "var(--rapid)" },
  rival: {
    color: "var(--rival)",
    decal: { symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 4], rotation: -Math.PI / 4, color: "var(--page)" },
  },
  floor: { color: "var(--page)", borderColor: "var(--floor)", borderWidth: 1.5 },
}

/**
 * @param {readonly Bar[]} bars
 * @returns {Scale}
 */
function scaleOf(bars) {
  const values = bars.flatMap(({ value }) => value?.estimate ?? [])
  const all = bars.flatMap(({ value, floor }) => [value?.low ?? [], value?.high ?? [], floor ?? []].flat())
  const [least, most] = [Math.min(...values), Math.max(...values)]
  if (values.length === 0) return { type: "value", min: 0, max: 1 }
  if (least > 0 && most / least > SPREAD) {
    const shown = all.filter((value) => value > 0)
    // The smallest bar has a length too; an interval of JMH's that reaches zero is cut there.
    const low = Math.max(Math.min(...shown), least / 10)
    return { type: "log", min: 10 ** Math.floor(Math.log10(low * 0.7)), max: power(Math.max(...shown)) }
  }
  return linear(Math.min(0, ...all), Math.max(0, ...all))
}

/**
 * Four or five lines at round numbers.
 *
 * @param {number} least
 * @param {number} most
 * @returns {Scale}
 */
function linear(least, most) {
  const rough = (most - least || 1) / 4
  const digit = 10 ** Math.floor(Math.log10(rough))
  const interval = digit * ([1, 2, 2.5, 5].find((step) => step * digit >= rough) ?? 10)
  return {
    type: "value",
    min: Math.floor(least / interval) * interval,
    max: Math.ceil(most / interval) * interval || 1,
    interval,
  }
}

/** @param {number} value */
const power = (value) => 10 ** Math.ceil(Math.log10(value))

/** @param {readonly Bar[]} bars */
export const isLogarithmic = (bars) => scaleOf(bars).type === "log"

/**
 * Through the bar, and not through the text.
 *
 * @param {Bar} bar
 * @param {(value: number) => number} x
 * @param {number} y
 */
function floorLine({ floor, role }, x, y) {
  if (floor === undefined || role === "floor") return []
  const at = x(floor)
  const shape = { x1: at, x2: at, y1: y - 8, y2: y + BAND - 25 }
  return [{ type: "line", shape, style: { ...hollow, stroke: "var(--floor)", lineWidth: 1.5, lineDash: [4, 3] } }]
}

/**
 * @param {Bar} bar
 * @param {(value: number) => number} x
 * @param {number} y
 */
function interval({ value }, x, y) {
  if (value === undefined || value.low === value.high) return []
  const [left, right, middle] = [x(value.low), x(value.high), y]
  return [
    ...[
      [left, middle],
      [right, middle],
    ].map(([at]) => [
      [at, middle - 4],
      [at, middle + 4],
    ]),
    [
      [left, middle],
      [right, middle],
    ],
  ].flatMap(stroke)
}

/**
 * @param {Bar} bar
 * @param {number} y
 * @param {string} unit
 */
function words({ label, role, value, failure }, y, unit) {
  const told = value === undefined ? "" : `${figure(value.estimate)} ${unit}`
  const failed = {
    x: EDGE,
    y,
    text: `✗ ${failure ?? "no result"}`,
    fill: "var(--fail)",
    width: (WIDTH - 2 * EDGE) * 0.86,
  }
  const both = writeBoth(y, { name: label, told, strong: role === "rapid" })
  return value === undefined ? [...both, write(failed)] : both
}
