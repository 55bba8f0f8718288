/** What `npm run bench` was told. */
export interface Options {
  /** Only the cases whose names start with one of these; all of them if empty. */
  readonly cases: readonly string[]
  /** Fresh processes per variant; undefined leaves it to the case. */
  readonly forks: number | undefined
  /** Sleepers of the many-sleeps case. */
  readonly count: number
  /** Less of everything: our rows, and the rivals that are fast. */
  readonly quick: boolean
  /** Every form of many-sleeps in every distribution. */
  readonly full: boolean
  readonly iterations: Iterations
  readonly runtimes: readonly string[]
  readonly jvm: boolean
  /** The folder of the results and the reports. */
  readonly out: string
  /** Forget what an interrupted run has measured. */
  readonly fresh: boolean
  /** The built package to measure: a folder that holds package.json and dist. */
  readonly library: string
  /** How it was called, for the report. */
  readonly command: string
}

/** What a process does. */
export interface Iterations {
  readonly warmups: number
  readonly iterations: number
  /** For the warm-up, and as many for what is measured. */
  readonly seconds: number
}

/** What runs a process. */
export interface Runtime {
  readonly name: string
  readonly version: string
  readonly binary: string
  readonly args: readonly string[]
  /** It takes Node's flags. */
  readonly flags: boolean
  /** The cases that make sense there. Default: all. */
  readonly cases?: RegExp
}

/** What one iteration may say of itself. */
export interface Reading {
  /** In place of the wall time. */
  readonly value?: number
  /** What the value is compared with, in place of the floor row. */
  readonly floor?: number
  /** More figures, printed beneath the row. */
  readonly details?: Readonly<Record<string, number>>
}

/** One measured iteration: calls what is measured, verifies the result and throws if it is wrong. */
export type Iteration = () => Reading | void | Promise<Reading | void>

/** Loads what a variant needs, outside the measured time. */
export type Variant = (options: Readonly<Record<string, unknown>>) => Promise<Iteration>

/** A line of the table: a variant of a case, with its arguments. */
export interface Row {
  /** Shown in the table, unique within the case. */
  readonly name: string
  /** The export of the case's file that is measured. */
  readonly variant: string
  readonly options?: Readonly<Record<string, unknown>>
  /** What it is in the comparison. Default: what its name says. */
  readonly role?: "rapid" | "rival" | "floor" | undefined
  /** The row that it is compared with in the column `÷ floor`. */
  readonly floor?: string | undefined
  /** The row of Effect that it is compared with in the column `÷ effect`. */
  readonly rival?: string | undefined
  /** The rows of other rivals; these ratios stand on the line beneath. */
  readonly rivals?: readonly string[] | undefined
  readonly budgets?: readonly Budget[] | undefined
}

/** What a case's file exports beside its variants, under the name `about`. */
export interface About {
  /** One line, for the documentation and the JSON file. */
  readonly title: string
  /** Exported variants, in the order of the table. */
  readonly variants?: readonly string[]
  readonly floor?: string
  /** Variants of rivals other than Effect, with which those whose names start with `rapid` are compared. */
  readonly rivals?: readonly string[]
  /** Of the variants whose names start with `rapid`. */
  readonly budgets?: readonly Budget[]
  /** In place of one row per variant. */
  readonly rows?: (options: Options) => readonly Row[]
  /** Of the measured value. Default: ms. */
  readonly unit?: string
  /** False where the memory of the process says nothing of what is measured. */
  readonly rss?: boolean
  /** One iteration per process and no warm-up. */
  readonly once?: boolean
  /** Fresh processes per variant. Default: 2. */
  readonly forks?: number
  /** Flags of Node for each process of this case. Default: none. */
  readonly flags?: readonly string[]
  /** Seconds, after which a process is ended. Default: 120. */
  readonly timeout?: number
}

/** What a process has measured. */
export interface Measured {
  readonly readings: readonly (Reading & {
    readonly value: number
    readonly wall: number
    /** Milliseconds of all threads; undefined where the host does not tell. */
    readonly cpu?: number
  })[]
  /** Milliseconds of garbage collection in an iteration; undefined where the runtime does not tell. */
  readonly gc?: number | undefined
  /** The longest delay of the event loop in it, in milliseconds; undefined where the runtime does not tell. */
  readonly delay?: number | undefined
  /** In MiB; undefined where the host does not tell. */
  readonly peakRss?: number
  /** In MiB, after a forced collection at the end; undefined where none can be forced. */
  readonly heapAfter?: number | undefined
}

export type Outcome = { readonly measured: Measured } | { readonly failure: string }

/** Everything known of a row. */
export interface Result {
  readonly row: Row
  readonly failures: readonly string[]
  /** Undefined if every process failed. */
  readonly summary:
    | {
        /** The values of each process. */
        readonly forks: readonly (readonly number[])[]
        readonly measured: readonly Measured[]
        readonly median: number
        readonly interval: Interval
        readonly least: number
        readonly most: number
        readonly peakRss: number | undefined
        readonly floor: number | undefined
        readonly details: Readonly<Record<string, number>>
      }
    | undefined
}

/** An estimate and its 95 % interval. */
export interface Interval {
  readonly estimate: number
  readonly low: number
  readonly high: number
}

/** How many times as much as another row. */
export interface Ratio extends Interval {
  readonly row: string | undefined
}

/** A row's result and what it is compared with. */
export interface Compared {
  readonly result: Result
  readonly toFloor: Ratio | undefined
  readonly toRival: Ratio | undefined
  /** To the fastest rival that does the same. */
  readonly toBest: Ratio | undefined
  readonly toRivals: readonly Ratio[]
  /** The results of the case, by name of the row. */
  readonly others: ReadonlyMap<string, Result>
}

/** A line of the design's budget table: a report, never an exit code. */
export interface Budget {
  readonly text: string
  /** Undefined: nothing to judge. */
  readonly holds: (compared: Compared) => boolean | undefined
}
