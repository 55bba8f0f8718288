import { useEffect, useRef, useState } from "preact/hooks"
import uPlot from "uplot"
import { type History, type Sample, span } from "./history.ts"

export interface Line {
  readonly name: string
  /** Its colour: a class of the style sheet. */
  readonly kind: string
  readonly of: (sample: Sample) => number | undefined
  readonly filled?: boolean
}

interface ChartProps {
  readonly title: string
  readonly lines: readonly Line[]
  readonly format: (value: number) => string
  readonly history: History
}

/** Pixels. */
const height = 132

/** Lines over the last five minutes; the legend has the values under the pointer, or the latest. */
export function Chart({ title, lines, format, history }: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const [pointed, setPointed] = useState<number | null>(null)
  const look = useLook()
  const { samples } = history

  useEffect(() => {
    const { current: element } = place
    if (element === null) return undefined
    const made = new uPlot(
      { ...optionsFor(lines, format, element, setPointed), width: element.clientWidth, height },
      dataOf(lines, samples),
      element,
    )
    plot.current = made
    const resized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }))
    resized.observe(element)
    return () => {
      resized.disconnect()
      made.destroy()
    }
  }, [lines, look])
  useEffect(() => plot.current?.setData(dataOf(lines, samples)), [samples])

  const sample = (pointed === null ? undefined : samples[pointed]) ?? samples.at(-1)
  const value = (line: Line): string => {
    const known = sample === undefined ? undefined : line.of(sample)
    return known === undefined ? "–" : format(known)
  }
  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <ul class="legend">
          {lines.map((line) => (
            <li key={line.name}>
              <span class={`swatch ${line.kind}`} aria-hidden="true" />
              {line.name} <b>{value(line)}</b>
            </li>
          ))}
        </ul>
      </figcaption>
      <div
        class="plot"
        ref={place}
        role="img"
        aria-label={`${title} over the last five minutes: ${lines.map((line) => `${line.name} ${value(line)}`).join(", ")}`}
      />
    </figure>
  )
}

function dataOf(lines: readonly Line[], samples: readonly Sample[]): uPlot.AlignedData {
  return [
    samples.map(({ time }) => time),
    ...lines.map((line) => samples.map((sample) => line.of(sample) ?? null)),
  ] as uPlot.AlignedData
}

function optionsFor(
  lines: readonly Line[],
  format: (value: number) => string,
  element: HTMLElement,
  onPoint: (index: number | null) => void,
): Omit<uPlot.Options, "width" | "height"> {
  const colour = (kind: string): string => colourOf(kind, element)
  const axis = {
    stroke: colour("axis"),
    grid: { stroke: colour("grid"), width: 1 },
    ticks: { show: false },
    font: `11px ${getComputedStyle(element).fontFamily}`,
  }
  return {
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, sync: { key: "time" }, points: { size: 7 } },
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
    scales: {
      x: { range: (_, _least, most) => [(most ?? 0) - span, most ?? 0] },
      y: { range: (_, _least, most) => [0, (most ?? 0) > 0 ? (most ?? 0) * 1.08 : 1] },
    },
    axes: [
      { ...axis, size: 22, gap: 4, incrs: [60], space: 30, values: (_, times) => times.map(minute) },
      { ...axis, size: 62, gap: 4, space: 32, values: (_, values) => values.map(format) },
    ],
    series: [
      {},
      ...lines.map(({ name, kind, filled = false }) => ({
        label: name,
        stroke: colour(kind),
        width: 1.75,
        points: { show: false },
        ...(filled && { fill: translucent(colour(kind)) }),
      })),
    ],
  }
}

function minute(time: number): string {
  return new Date(time * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false })
}

/** A canvas knows no style sheet: an element of the class tells the colour. */
function colourOf(kind: string, element: HTMLElement): string {
  const probe = document.createElement("span")
  probe.className = `swatch ${kind}`
  element.append(probe)
  const { backgroundColor } = getComputedStyle(probe)
  probe.remove()
  return backgroundColor
}

function translucent(colour: string): string {
  return colour.replace(/^rgb\((.*)\)$/, "rgba($1, 0.14)")
}

/** Changes with the colours of the page. */
function useLook(): string {
  const [look, setLook] = useState(lookNow)
  useEffect(() => {
    const dark = matchMedia(darkQuery)
    const update = (): void => setLook(lookNow())
    const observer = new MutationObserver(update)
    observer.observe(document.documentElement, { attributeFilter: ["data-theme"] })
    dark.addEventListener("change", update)
    return () => {
      observer.disconnect()
      dark.removeEventListener("change", update)
    }
  }, [])
  return look
}

const darkQuery = "(prefers-color-scheme: dark)"

function lookNow(): string {
  return `${document.documentElement.dataset["theme"] ?? "system"} ${matchMedia(darkQuery).matches}`
}
