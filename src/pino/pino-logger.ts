import type { SuppressedError } from "../data/index.ts"
import type { Logger, LogLevel, LogRecord } from "../log/index.ts"
import type { PinoLike } from "./from-pino.ts"
import { symbolIn } from "./symbol-in.ts"

/** Writes records to a pino logger. */
export class PinoLogger implements Logger {
  readonly #pino: PinoLike
  readonly #errorKey: string
  /** What is written now is stamped with this. */
  #time = 0

  constructor(pino: PinoLike) {
    this.#errorKey = errorKeyOf(pino)
    this.#pino = this.#stamping(pino)
  }

  isEnabled(level: LogLevel): boolean {
    return this.#pino.isLevelEnabled?.(level) ?? true
  }

  log(record: LogRecord): void {
    const { fields, fiber, level, message } = record
    const error = Object.hasOwn(record, "error") ? { [this.#errorKey]: withParts(record.error) } : {}
    this.#time = record.time
    this.#pino[level]({ ...fields, fiber, ...error }, message)
  }

  /**
   * Pino stamps a line itself, and a field `time` would be a second one. Its function for that is kept under a symbol
   * where those who integrate it may replace it; here in a child, as pino makes its own: nobody else is touched.
   */
  #stamping(pino: PinoLike): PinoLike {
    const time = symbolIn(pino, "pino.time")
    if (time === undefined || !isEpoch(Reflect.get(pino, time))) return pino
    return Object.create(pino, { [time]: { value: () => `,"time":${this.#time}` } }) as PinoLike
  }
}

/** Pino writes what can be enumerated, and the two failures that the platform's SuppressedError joins cannot. */
function withParts(failure: unknown): unknown {
  if (
    !(failure instanceof Error) ||
    failure.name !== "SuppressedError" ||
    Object.keys(failure).includes("suppressed")
  ) {
    return failure
  }
  const { error, suppressed } = failure as SuppressedError
  return Object.create(failure, {
    error: { value: error, enumerable: true },
    suppressed: { value: suppressed, enumerable: true },
  }) as Error
}

/** True for what stamps with the milliseconds since 1970, as pino does unless told otherwise. */
function isEpoch(stamp: unknown): boolean {
  if (typeof stamp !== "function") return false
  const before = Date.now()
  const [, written] = /^,"time":(\d+)$/.exec(String(stamp())) ?? []
  return written !== undefined && Number(written) >= before && Number(written) <= Date.now()
}

function errorKeyOf(pino: PinoLike): string {
  const symbol = symbolIn(pino, "pino.errorKey")
  const key: unknown = symbol === undefined ? undefined : Reflect.get(pino, symbol)
  return typeof key === "string" ? key : "err"
}
