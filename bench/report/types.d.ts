/** JMH's form of a metric: what failed is the text "NaN". */
export interface Metric {
  readonly score: number | string
  readonly scoreError?: number | string
  readonly scoreConfidence?: readonly (number | string)[]
  readonly scoreUnit: string
  readonly rawData?: readonly (readonly number[])[]
}

/** An element of a results file: JMH's format, and what the harness adds under "rapid-fiber". */
export interface Entry {
  readonly benchmark: string
  readonly jdkVersion?: string
  readonly vmName?: string
  readonly params?: Readonly<Record<string, string>>
  readonly primaryMetric: Metric
  readonly secondaryMetrics?: Readonly<Record<string, Metric>>
  readonly "rapid-fiber"?: Addition
}

/** What JMH has no word for. */
export interface Addition {
  readonly case?: string
  readonly row?: string
  readonly title?: string
  readonly unit?: string
  readonly role?: Role
  readonly floor?: string
  readonly failures?: readonly string[]
  readonly details?: Readonly<Record<string, number>>
  readonly toFloor?: Ratio
  readonly toBest?: Ratio
  readonly budgets?: readonly Judged[]
  readonly machine?: Machine
  readonly command?: string
}

/** Ours, somebody's, or the least that the platform allows for the same work. */
export type Role = "rapid" | "rival" | "floor"

export interface Interval {
  readonly estimate: number
  readonly low: number
  readonly high: number
}

/** How many times as much as another row; the floor need not be one. */
export interface Ratio extends Interval {
  readonly row?: string | undefined
}

export interface Judged {
  readonly text: string
  /** Undefined: something to read the value beside. */
  readonly holds?: boolean
}

export interface Machine {
  readonly date?: string
  readonly packages?: Readonly<Record<string, string>>
  readonly node?: string
  readonly platform?: string
  readonly cores?: string | number
  readonly memory?: string | number
  readonly load?: number
  /** The whole run, of which an entry's command is a part. */
  readonly command?: string
}

/** A metric that was measured. */
export interface Figure extends Interval {
  readonly unit: string
  /** The values of each process. */
  readonly raw: readonly (readonly number[])[]
}

/** What the metrics beside the value are called in the tables. */
export type Beside = "cpu" | "gc" | "delay" | "peakRss" | "heapAfter"

/** A line of a table and of the charts. */
export interface Row {
  readonly case: string
  readonly title: string
  readonly name: string
  /** The name, and the runtime if it is not the usual one. */
  readonly label: string
  readonly runtime: string
  /** Name and version of what ran it. */
  readonly vm: string
  readonly role: Role
  readonly floor: string | undefined
  /** Undefined if every process failed. */
  readonly value: Figure | undefined
  /** The value is JMH's own mean, not a median. */
  readonly mean: boolean
  readonly beside: Readonly<Partial<Record<Beside, Figure>>>
  readonly failures: readonly string[]
  readonly details: Readonly<Record<string, number>>
  readonly toFloor: Ratio | undefined
  readonly toBest: Ratio | undefined
  readonly budgets: readonly Judged[]
  readonly command: string | undefined
}

export interface Case {
  readonly name: string
  readonly title: string
  readonly unit: string
  readonly rows: readonly Row[]
  readonly commands: readonly string[]
}

/** Everything that a report tells. */
export interface Report {
  readonly cases: readonly Case[]
  readonly machines: readonly Machine[]
  readonly runtimes: readonly string[]
  readonly commands: readonly string[]
}

/** How our rows compare with the best rival of each. */
export interface Standing {
  readonly ahead: readonly Standpoint[]
  readonly same: readonly Standpoint[]
  readonly behind: readonly Standpoint[]
  /** Ours that did not finish. */
  readonly failed: readonly Row[]
  /** Ours that finished where every rival failed. */
  readonly alone: readonly Row[]
  /** Ours with nothing to compare with. */
  readonly uncompared: readonly Row[]
}

export interface Standpoint {
  readonly row: Row
  readonly ratio: Ratio
}
