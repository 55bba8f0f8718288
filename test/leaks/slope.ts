/** By how much y grows per x, and how sure that is. */
export interface Slope {
  readonly slope: number
  /** The standard error of the slope: noise that has nothing to do with x makes it large. */
  readonly stderr: number
}

/** The straight line through the points that errs by the least squares; three points at least. */
export function slopeOf(x: readonly number[], y: readonly number[]): Slope {
  if (x.length !== y.length || x.length < 3) {
    throw new RangeError(`Expected at least three points, got ${x.length} x and ${y.length} y`)
  }
  const [centreX, centreY] = [mean(x), mean(y)]
  const spread = sum(x.map((value) => (value - centreX) ** 2))
  const slope = sum(x.map((value, i) => (value - centreX) * (y[i] - centreY))) / spread
  const residual = sum(y.map((value, i) => (value - centreY - slope * (x[i] - centreX)) ** 2))
  return { slope, stderr: Math.sqrt(residual / (x.length - 2) / spread) }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const mean = (values: readonly number[]): number => sum(values) / values.length
