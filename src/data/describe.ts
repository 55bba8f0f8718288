/** A short picture of a value for an error message: what the caller really passed. */
export function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`
  if (typeof value !== "object" || value === null) return String(value)
  if (Array.isArray(value)) return `an array of ${value.length}`
  const fields = Object.keys(value)
  const kind = Object.getPrototypeOf(value)?.constructor?.name ?? "Object"
  if (kind !== "Object") return `a ${kind}`
  return fields.length === 0
    ? "{}"
    : `{ ${fields
        .slice(0, 5)
        .map((key) => field(value, key))
        .join(", ")} }`
}

function field(value: object, key: string): string {
  const held: unknown = Reflect.get(value, key)
  return `${key}: ${typeof held === "object" && held !== null ? "…" : describe(held)}`
}
