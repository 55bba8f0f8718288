/** Numbers as people read them. Between digits stands a narrow space that does not break. */

const space = "\u202F"

/** A whole number: 1 000 000. */
export function count(value: number): string {
  return String(Math.round(value)).replaceAll(/\B(?=(?:\d{3})+$)/g, space)
}

/** A number of any size in few characters: 12, 4.2, 950 k, 1.25 M. */
export function short(value: number): string {
  const unit = units.find(({ least }) => value >= least)
  return unit === undefined ? digits(value) : `${digits(value / unit.size)}${space}${unit.name}`
}

const units = [
  { least: 1e9, size: 1e9, name: "G" },
  { least: 1e6, size: 1e6, name: "M" },
  { least: 1e4, size: 1e3, name: "k" },
]

/** Three digits that count, or all those before the point. */
function digits(value: number): string {
  const rounded = Number(value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2))
  return Number.isInteger(rounded) ? count(rounded) : String(rounded)
}

export function perSecond(value: number | undefined): string {
  return value === undefined ? "–" : `${short(value)}/s`
}

/** Milliseconds as 0.4 ms, 12 s, 3 min 20 s, 2 d 4 h. */
export function duration(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return "–"
  if (milliseconds < 1000) return `${digits(milliseconds)}${space}ms`
  if (milliseconds < 60_000) return `${digits(milliseconds / 1000)}${space}s`
  const seconds = Math.floor(milliseconds / 1000)
  const parts = [
    { name: "d", value: Math.floor(seconds / 86_400) },
    { name: "h", value: Math.floor(seconds / 3600) % 24 },
    { name: "min", value: Math.floor(seconds / 60) % 60 },
    { name: "s", value: seconds % 60 },
  ]
  const first = parts.findIndex(({ value }) => value > 0)
  return parts
    .slice(first, first + 2)
    .filter(({ value }) => value > 0)
    .map(({ name, value }) => `${value}${space}${name}`)
    .join(" ")
}

export function bytes(value: number): string {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"]
  const step = value < 1 ? 0 : Math.min(Math.floor(Math.log2(value) / 10), names.length - 1)
  return `${digits(value / 1024 ** step)}${space}${names[step]}`
}

/** The time of day, to the second. */
export function timeOfDay(time: number): string {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false })
}
