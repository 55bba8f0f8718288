/**
 * A program: main, with what surrounds it. Main is cancelled by a signal, its cleanups run, then those of everything else that
 * still runs, and the process ends with a code that says how it was.
 *
 *     running ──main ends, a signal, an error outside all fibers──▶ stopping ──everything has ended──▶ over
 *                                                                      │
 *                                                   a second signal, or the grace period is over ──▶ forced: reported, exit
 */
import { type Duration, type Exit, toMillis } from "../data/index.ts"
import { Logger } from "../log/index.ts"
import { type Fiber, mustBeFunction, mustKnow, type Runtime, Task } from "../task/index.ts"
import { dump } from "./dump.ts"
import { codeOf, codeOfSignal, mustBeCode } from "./exit-code.ts"
import { type HostProcess, hostProcess, listen } from "./host-process.ts"
import { makeRuntime } from "./make-runtime.ts"
import type { RuntimeOptions } from "./options.ts"
import { run } from "./run.ts"
import { defaultScheduler, schedulerOf, setDefaultScheduler } from "./scheduler.ts"

/** What `App.run` may be told. */
export interface AppOptions<A = unknown> {
  /**
   * How long everything has to end after a signal, or after main has ended, before it is forced. Infinity: for ever.
   * Default 10 seconds.
   */
  readonly grace?: Duration
  /** The signals that ask the program to end. Default SIGINT and SIGTERM. */
  readonly signals?: readonly string[]
  /** The signals on which what runs is written to the console (`Runtime.dump`). Default SIGUSR2 and SIGINFO. */
  readonly dumpSignals?: readonly string[]
  /**
   * The exit code, an integer from 0 to 255, of how main ended, and of the signal that asked it to, if one did. Default: 0
   * for a value and after SIGTERM, 1 for a failure, 130 after SIGINT.
   */
  readonly exitCode?: (exit: Exit<A>, signal: string | undefined) => number
  /** Of the runtime that main and everything without another runs in. Default: failures that nobody observes are logged. */
  readonly runtime?: RuntimeOptions
}

const OPTIONS = ["grace", "signals", "dumpSignals", "exitCode", "runtime"] as const

const LONGEST_TIMER = 2 ** 31 - 1

export const App = {
  /**
   * Runs `main` as the program of this process: with the arguments of the command line, until it ends or a signal asks it
   * to. Then main is cancelled and its cleanups run, and after it all other fibers; the process ends by itself, with the
   * exit code, once nothing keeps it alive. A failure is logged with its trace. A second signal, or the end of the grace
   * period, forces the end: what had not ended is written to the console, and the code is 128 and the number of the signal
   * (1 where there was none). An error outside all fibers, such as an unhandled rejection, is logged and ends the program
   * in the same order, with code 1. Until all fibers have ended the process is kept alive, also where main waits for nothing
   * but a signal. What is no fiber (a server of the host's) keeps it alive longer, unless a signal or a failure wanted the
   * end: then it is forced, too, when the grace period has passed once more.
   *
   * Call it once, at the end of the main module. Where there is no process (a browser), nothing but main and its cleanups is run.
   *
   * @returns The exit code, when everything has ended.
   * @throws TypeError or RangeError for options out of their range.
   *
   * @example
   * ```ts
   * const main = (args: readonly string[]) => Logger.info(`started with ${args.length} arguments`).andThen(Task.sleep(1))
   * const code = await App.run(main, { grace: { seconds: 5 } })
   * code // 0
   * ```
   */
  run<A, E>(main: (args: readonly string[]) => Task<A, E>, options: AppOptions<A> = {}): Promise<number> {
    mustBeFunction(main, "App.run")
    mustKnow(options, OPTIONS, "App.run")
    return new Program(main, options as AppOptions).code
  },
} as const

class Program {
  readonly code: Promise<number>
  readonly #grace: number
  readonly #exitCode: (exit: Exit<unknown>, signal: string | undefined) => number
  readonly #host = hostProcess()
  readonly #runtime: Runtime
  readonly #main: Fiber<unknown, unknown>
  readonly #unlisten: (() => void)[] = []
  #signal: string | undefined
  /** Something has failed outside all fibers. */
  #broken = false
  #timer: ReturnType<typeof setTimeout> | undefined
  /** Who waits for a signal must be there when it comes: neither `Task.never` nor a wait for another fiber keeps a process alive. */
  readonly #alive = setInterval(() => {}, LONGEST_TIMER)

  constructor(main: (args: readonly string[]) => Task<unknown, unknown>, options: AppOptions) {
    this.#grace = toMillis(options.grace ?? { seconds: 10 }, "grace")
    this.#exitCode = options.exitCode ?? codeOf
    this.#runtime = makeRuntime({ onUnhandled: unobserved, ...options.runtime })
    const before = defaultScheduler()
    setDefaultScheduler(schedulerOf(this.#runtime))
    if (this.#host !== undefined) this.#listen(this.#host, options)
    const args = this.#host?.argv.slice(2) ?? []
    this.#main = run(
      Task.defer(() => main(args)),
      { runtime: this.#runtime, name: "main" },
    )
    this.code = this.#end().finally(() => setDefaultScheduler(before))
  }

  #listen(host: HostProcess, options: AppOptions): void {
    const on = (event: string, listener: (news: never) => void): void =>
      void this.#unlisten.push(listen(host, event, listener))
    for (const signal of options.signals ?? ["SIGINT", "SIGTERM"]) on(signal, () => this.#stop(signal))
    for (const signal of options.dumpSignals ?? ["SIGUSR2", "SIGINFO"]) on(signal, () => this.#show(`${signal}:`))
    on("uncaughtException", (error) => this.#fail(error, "an error outside all fibers ends the program"))
    on("unhandledRejection", (error) => this.#fail(error, "a rejection that nobody handles ends the program"))
  }

  #stop(signal: string): void {
    if (this.#signal !== undefined) return this.#force(signal, "a second signal")
    this.#signal = signal
    this.#main.abort(signal)
    this.#startGrace()
  }

  #fail(error: unknown, message: string): void {
    this.#broken = true
    log(message, error)
    this.#main.abort(error)
    this.#startGrace()
  }

  #startGrace(): void {
    if (this.#grace === Infinity) return
    this.#timer ??= setTimeout(() => this.#force(this.#signal, "the end of the grace period"), this.#grace)
  }

  /** Main's end, then everybody's. */
  async #end(): Promise<number> {
    const exit = await new Promise<Exit<unknown>>((resolve) => void this.#main.onExit(resolve))
    if (exit.status === "rejected") log("main failed", exit.reason)
    this.#startGrace()
    await this.#runtime.close()
    clearTimeout(this.#timer)
    clearInterval(this.#alive)
    const code = this.#broken ? 1 : this.#codeOf(exit)
    for (const unlisten of this.#unlisten) unlisten()
    const wanted = this.#signal !== undefined || this.#broken || exit.status === "rejected"
    if (this.#host !== undefined) this.#leave(this.#host, code, wanted)
    return code
  }

  #codeOf(exit: Exit<unknown>): number {
    try {
      return mustBeCode(this.#exitCode(exit, this.#signal))
    } catch (error) {
      log("no exit code", error)
      return 1
    }
  }

  /**
   * The process ends when nothing keeps it alive: output is written until then. Where it was to end and something does not
   * let it, that is told. A main that has come to its end by itself may have left a server of its own behind.
   */
  #leave(host: HostProcess, code: number, wanted: boolean): void {
    host.exitCode = code
    if (this.#grace === Infinity || !wanted) return
    const timer = setTimeout(() => {
      const kept = host.getActiveResourcesInfo?.().join(", ") ?? "something"
      tell(`All fibers have ended, but the process is kept alive by ${kept}: forced to exit with code ${code}.`)
      host.exit(code)
    }, this.#grace)
    ;(timer as { unref?: () => void }).unref?.()
  }

  #force(signal: string | undefined, why: string): void {
    this.#show(`Forced to exit by ${why}. These fibers have not ended:`)
    this.#host?.exit(signal === undefined ? 1 : codeOfSignal(signal))
  }

  #show(title: string): void {
    tell(`${title}\n${String(dump(this.#runtime, 1000))}`)
  }
}

const unobserved = (error: unknown, fiber: Fiber<unknown, unknown> | undefined): void =>
  log(fiber === undefined ? "a callback failed" : `${fiber.name} failed, and nobody observed it`, error)

/** Outside all fibers: in a runtime that only this call drives. */
function log(message: string, error: unknown): void {
  Logger.error(message, { error }).runSync()
}

/** What is about the process is told on the console: a logger may be what is stuck. */
function tell(text: string): void {
  // oxlint-disable-next-line eslint/no-console -- this is where it is to be seen
  console.error(text)
}
