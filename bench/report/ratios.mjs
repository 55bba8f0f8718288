// @ts-check
import { draw, hollow, stroke, writeBoth } from "./chart.mjs"
import { tick, verdict, ratioWithRange } from "./figure.mjs"
/** @import { Ratio } from "./types.d.ts" */
/** @import { Api } from "./bars.mjs" */
/** @import { Scale } from "./chart.mjs" */

/**
 * @typedef {object} Point
 * @property {string} label
 * @property {Ratio} ratio
 * @property {"best" | "floor"} to
 */

/**
 * A point and its interval for each ratio; equal is a line.
 *
 * @param {{ id: string, title: string, points: readonly Point[] }} of
 */
export function drawRatios({ id, title, points }) {
  const scale = scaleOf(points)
  return draw({
    ...{ id, title, scale, bands: points.length, label: tick },
    series: [
      {
        type: "custom",
        data: points.map((_, index) => [index]),
        renderItem: (/** @type {unknown} */ _params, /** @type {Api} */ api) => {
          const { label, ratio, to } = points[Number(api.value(0))]
          const at = (/** @type {number} */ value) => api.coord([Math.max(value, scale.min), Number(api.value(0))])
          const [equal, y] = at(1)
          const [left, right] = [at(ratio.low)[0], at(ratio.high)[0]]
          const line = { x1: equal, x2: equal, y1: y - 9, y2: y + 17 }
          return {
            type: "group",
            children: [
              { type: "line", shape: line, style: { ...hollow, stroke: "var(--ink)", lineWidth: 1 } },
              ...(left === right
                ? []
                : stroke([
                    [left, y],
                    [right, y],
                  ])),
              mark(to, at(ratio.estimate)[0], y),
              ...writeBoth(y, {
                name: label,
                told: ratioWithRange(ratio),
                strong: to === "best" && verdict(ratio) !== "same",
              }),
            ],
          }
        },
      },
    ],
  })
}

/**
 * To a rival a full diamond, to the floor a hollow circle.
 *
 * @param {"best" | "floor"} to
 * @param {number} x
 * @param {number} y
 */
function mark(to, x, y) {
  if (to === "floor") {
    const style = { fill: "var(--page)", stroke: "var(--floor)", lineWidth: 2 }
    return { type: "circle", shape: { cx: x, cy: y, r: 5 }, style }
  }
  const points = [
    [x - 6, y],
    [x, y - 6],
    [x + 6, y],
    [x, y + 6],
  ]
  return { type: "polygon", shape: { points }, style: { fill: "var(--rapid)", stroke: "var(--page)", lineWidth: 1.5 } }
}

/**
 * Twice and half are as far from equal as each other.
 *
 * @param {readonly Point[]} points
 * @returns {Scale}
 */
function scaleOf(points) {
  const all = points.flatMap(({ ratio }) => [ratio.low, ratio.high]).filter((value) => value > 0)
  const [least, most] = [Math.min(...all, 0.8), Math.max(...all, 1.25)]
  const base = most / least > 64 ? 10 : 2
  const exponent = (/** @type {number} */ value) => Math.log(value) / Math.log(base)
  return {
    ...{ type: "log", logBase: base },
    min: base ** Math.floor(exponent(least)),
    max: base ** Math.ceil(exponent(most)),
  }
}
