// @ts-check
import { BarChart, CustomChart } from "echarts/charts"
import { GridComponent } from "echarts/components"
import { init, use } from "echarts/core"
import { SVGRenderer } from "echarts/renderers"
import { trusted } from "./markup.mjs"

/**
 * Charts are drawn here and now, so that the page needs no script. Their colours are the page's variables, so that one
 * drawing serves light and dark; their width is that of a phone, so that text scaled to it can still be read.
 */
export const WIDTH = 340
/** A line of text and what it tells. */
export const BAND = 42
export const EDGE = 6
const TOP = 8
const BOTTOM = 24
/** From the middle of a band up to its text. */
const UP = 16
/** Only to measure text by: the page has its own. */
const FONT = "sans-serif"

use([BarChart, CustomChart, GridComponent, SVGRenderer])

/**
 * @typedef {object} Scale
 * @property {"log" | "value"} type
 * @property {number} min
 * @property {number} max
 * @property {number} [logBase]
 * @property {number} [interval] of the lines
 */

/**
 * @typedef {object} Chart
 * @property {string} id
 * @property {string} title
 * @property {number} bands
 * @property {Scale} scale
 * @property {(value: number) => string} label of a line of the scale
 * @property {object[]} series
 */

/** @param {Chart} chart */
export function draw({ id, title, bands, scale, label, series }) {
  const height = TOP + bands * BAND + BOTTOM
  const chart = init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height })
  try {
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: FONT },
      grid: { left: EDGE, right: EDGE, top: TOP, bottom: BOTTOM },
      xAxis: axis(scale, label),
      yAxis: {
        ...{ type: "category", inverse: true, data: Array.from({ length: bands }, (_, index) => String(index)) },
        ...{ axisLabel: { show: false }, axisTick: { show: false }, axisLine: { show: false } },
      },
      series: series.map((of) => ({ silent: true, emphasis: { disabled: true }, animation: false, ...of })),
    })
    return trusted(named(chart.renderToSVGString(), id, title))
  } finally {
    // It would keep the process alive.
    chart.dispose()
  }
}

/**
 * @param {Scale} scale
 * @param {(value: number) => string} label
 */
function axis(scale, label) {
  return {
    ...scale,
    axisLabel: { color: "var(--muted)", fontSize: 12, formatter: label, hideOverlap: true, ...inside },
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: "var(--line)" } },
  }
}

/** The outermost labels stay within the drawing. */
const inside = { alignMinLabel: "left", alignMaxLabel: "right" }

/**
 * A drawing with a name; without what only ECharts in the page would read, and with identifiers of its own.
 *
 * @param {string} svg
 * @param {string} id
 * @param {string} title
 */
function named(svg, id, title) {
  const name = title.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, "")
    .replace(/ (class|ecmeta_\w+|pointer-events)="[^"]*"/g, "")
    .replace(/font-family:[^;"]*;/g, "")
    .replace(/ (xmlns(:xlink)?|version|baseProfile)="[^"]*"/g, "")
    .replace(/(id="|url\(#)zr\d+-/g, `$1${id}-`)
    .replace(/<svg width="\d+" height="\d+"/, `<svg role="img" aria-labelledby="${id}-name"`)
    .replace(">", () => `><title id="${id}-name">${name}</title>`)
    .trim()
}

/**
 * @typedef {object} Words
 * @property {number} x
 * @property {number} y
 * @property {string} text
 * @property {number} [width] beyond which the text is cut
 * @property {boolean} [right] ends at x
 * @property {boolean} [strong]
 * @property {string} [fill]
 */

/** @param {Words} of */
export function write({ x, y, text, width, right = false, strong = false, fill = "var(--ink)" }) {
  return {
    type: "text",
    x,
    y,
    style: {
      ...{ text, fill, fontSize: 13, fontFamily: FONT, fontWeight: strong ? 700 : 400 },
      ...{ align: right ? "right" : "left", verticalAlign: "middle" },
      // The lines of the scale stop before it.
      ...{ stroke: "var(--page)", lineWidth: 3 },
      ...(width === undefined ? {} : { width, overflow: "truncate", ellipsis: "…" }),
    },
  }
}

/**
 * The name of a band on the left, what it tells on the right; the name gives way.
 *
 * @param {number} y the middle of the band
 * @param {{ name: string, told: string, strong: boolean }} of
 */
export function writeBoth(y, { name, told, strong }) {
  // Fonts differ, and none can be measured here: what is left is for the widest.
  const room = (WIDTH - 2 * EDGE - told.length * 7.6 - 8) * 0.86
  return [
    write({ x: EDGE, y: y - UP, text: name, strong, width: room }),
    ...(told === "" ? [] : [write({ x: WIDTH - EDGE, y: y - UP, text: told, strong, right: true })]),
  ]
}

/** ECharts fills lines unless told otherwise. */
export const hollow = { fill: "none" }

/**
 * A line with a border in the page's colour, so that it can be seen on a bar too.
 *
 * @param {number[][]} points
 */
export function stroke(points) {
  return [
    { type: "polyline", shape: { points }, style: { ...hollow, stroke: "var(--page)", lineWidth: 4 } },
    { type: "polyline", shape: { points }, style: { ...hollow, stroke: "var(--ink)", lineWidth: 1.5 } },
  ]
}
