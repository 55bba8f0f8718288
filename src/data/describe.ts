/** A short picture of a value for an error message: what the caller really passed. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 40))
  if (typeof value === "function") return `a function ${value.name}`.trim()
  if (typeof value !== "object" || value === null) return String(value)
  const kind: string = Object.getPrototypeOf(value)?.constructor?.name ?? "Object"
  if (kind !== "Object") return `a ${kind}`
  const fields = Object.entries(value).slice(0, 5)
  return fields.length === 0
    ? "{}"
    : `{ ${fields.map(([key, held]) => `${key}: ${typeof held === "object" ? "…" : String(held)}`).join(", ")} }`
}
