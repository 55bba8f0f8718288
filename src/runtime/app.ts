/**
 * A program: main, with what surrounds it. Main is cancelled by a signal, its cleanups run, then those of everything else that
 * still runs, and the process ends with a code that says how it was.
 *
 *     running ──main ends, a signal, an error outside all fibers──▶ stopping ──everything has ended──▶ over
 *                                                                      │
 *                                                   a second signal, or the grace period is over ──▶ forced: reported, exit
 */
import { describe, type Duration, type Exit, toMillis } from "../data/index.ts"
import { endAll, type FiberCore, rejectUnhandled, type Scheduler } from "../fiber/index.ts"
import { emit } from "../log/index.ts"
import { type Fiber, mustBeFunction, mustKnow, Task } from "../task/index.ts"
import { dump } from "./dump.ts"
import { codeOf, codeOfSignal, isSignal, mustBeCode, mustBeSignals } from "./exit-code.ts"
import { type HostProcess, hostProcess, listen } from "./host-process.ts"
import { run } from "./run.ts"
import { schedulerOf } from "./scheduler.ts"

/** What `App.run` may be told. */
export interface AppOptions<A = unknown> {
  /**
   * How long everything has to end after a signal, or after main has ended, before it is forced. Infinity, and what is
   * longer than a timer of the host can be (24 days): for ever. Default 10 seconds.
   */
  readonly grace?: Duration
  /** The signals that ask the program to end. Default SIGINT and SIGTERM. */
  readonly signals?: readonly string[]
  /** The signals on which what runs is written to the console (`Runtime.dump`). Default SIGUSR2, and SIGINFO where there is one. */
  readonly dumpSignals?: readonly string[]
  /**
   * The exit code, an integer from 0 to 255, of how main ended, and of the signal that asked it to, if one did. Default: 0
   * for a value and after SIGTERM, 1 for a failure, 128 and the number of the signal after another (SIGINT: 130).
   */
  readonly exitCode?: (exit: Exit<A>, signal: string | undefined) => number
}

interface Settings {
  readonly grace: number
  readonly signals: readonly string[]
  readonly dumpSignals: readonly string[]
  readonly exitCode: (exit: Exit<unknown>, signal: string | undefined) => number
}

const LONGEST_TIMER = 2 ** 31 - 1

/** One at a time. */
let program: Program | undefined

export const App = {
  /**
   * Runs `main` as the program of this process: with the arguments of the command line, until it ends or a signal asks it
   * to. Then main is cancelled and its cleanups run, and after it all other fibers of the default runtime; the process ends by
   * itself, with the exit code, once nothing keeps it alive. A failure is logged with its trace. A second signal, or the end
   * of the grace period, forces the end: what had not ended is written to the console, and the code is 128 and the number
   * of the signal (1 where there was none). An error outside all fibers, such as an unhandled rejection, is logged and ends
   * the program in the same order, with code 1. A failure of a fiber that nobody observes is logged, and the program goes on.
   *
   * Until all fibers have ended the process is kept alive, also where main waits for nothing but a signal. What is no fiber
   * (a server of the host's) keeps it alive longer, unless a signal or a failure wanted the end: then it is forced, too,
   * when the grace period has passed once more.
   *
   * Call it once, at the end of the main module. Where there is no process (a browser), nothing but main and its cleanups is run.
   *
   * @returns The exit code, when everything has ended. What main has set as `process.exitCode` stands where it is 0.
   * @throws TypeError or RangeError for options out of their range; Error while another program runs.
   *
   * @example
   * ```ts
   * const main = (args: readonly string[]) => Logger.info(`started with ${args.length} arguments`).andThen(Task.sleep(1))
   * const code = await App.run(main, { grace: { seconds: 5 } })
   * code // 0
   * ```
   */
  run<A, E>(main: (args: readonly string[]) => Task<A, E>, options?: AppOptions<A>): Promise<number> {
    mustBeFunction(main, "App.run")
    const settings = settingsOf(options as AppOptions | undefined)
    if (program !== undefined) {
      throw new Error("Expected one program at a time, got a second App.run while the first one runs. Await the first.")
    }
    program = new Program(main, settings)
    return program.run().finally(() => (program = undefined))
  },
} as const

function settingsOf(options: AppOptions = {}): Settings {
  mustKnow(options, ["grace", "signals", "dumpSignals", "exitCode"], "App.run")
  const { signals = ["SIGINT", "SIGTERM"], exitCode = codeOf } = options
  mustBeSignals(signals, "signals")
  if (options.dumpSignals !== undefined) mustBeSignals(options.dumpSignals, "dumpSignals")
  if (typeof exitCode !== "function") {
    throw new TypeError(`Expected \`exitCode\` to be a function, got ${describe(exitCode)}.`)
  }
  // A signal that ends the program does not show what runs unless it is told to.
  const dumpSignals =
    options.dumpSignals ?? ["SIGUSR2", "SIGINFO"].filter((name) => isSignal(name) && !signals.includes(name))
  return { grace: toMillis(options.grace ?? { seconds: 10 }, "grace"), signals, dumpSignals, exitCode }
}

class Program {
  readonly #settings: Settings
  readonly #host = hostProcess()
  /** What runs without being told another runtime belongs to the program. */
  readonly #scheduler: Scheduler = schedulerOf()
  readonly #main: Fiber<unknown, unknown>
  readonly #undo: (() => void)[] = []
  #signal: string | undefined
  /** Something has failed outside all fibers. */
  #broken = false
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(main: (args: readonly string[]) => Task<unknown, unknown>, settings: Settings) {
    this.#settings = settings
    this.#hear(this.#scheduler)
    if (this.#host !== undefined) this.#listen(this.#host)
    // Who waits for a signal must be there when it comes: neither Task.never nor a wait for another fiber keeps a process alive.
    const alive = setInterval(() => {}, LONGEST_TIMER)
    this.#undo.push(() => clearInterval(alive))
    const args = this.#host?.argv.slice(2) ?? []
    // Not at once: what main does first may be to send itself a signal.
    const body = Task.yield().andThen(Task.defer(() => main(args)))
    this.#main = run(body, { name: "main" })
  }

  /** Main's end, then everybody's. */
  async run(): Promise<number> {
    const exit = await new Promise<Exit<unknown>>((resolve) => void this.#main.onExit(resolve))
    this.#startGrace()
    if (exit.status === "rejected") this.#log("main failed", exit.reason)
    if (exit.status === "cancelled" && this.#signal === undefined && !this.#broken) {
      this.#log("main was cancelled, by no signal", exit.reason)
    }
    await endAll(this.#scheduler)
    clearTimeout(this.#timer)
    const code = this.#broken ? 1 : this.#codeOf(exit)
    for (const undo of this.#undo) undo()
    const wanted = this.#signal !== undefined || this.#broken || exit.status === "rejected"
    if (this.#host !== undefined) this.#leave(this.#host, code, wanted)
    return code
  }

  /** Failures that nobody observes are logged, unless the runtime has been told what to do with them. */
  #hear({ unhandled }: Scheduler): void {
    const before = unhandled.hook
    if (before !== rejectUnhandled) return
    unhandled.hook = (error, fiber) => {
      const message = fiber === undefined ? "a callback failed" : `${fiber.name} failed, and nobody observed it`
      this.#log(message, error, fiber)
    }
    this.#undo.push(() => (unhandled.hook = before))
  }

  #listen(host: HostProcess): void {
    const on = (event: string, listener: (news: never) => void): void =>
      void this.#undo.push(listen(host, event, listener))
    for (const signal of this.#settings.signals) on(signal, () => this.#stop(signal))
    for (const signal of this.#settings.dumpSignals) on(signal, () => this.#show(`${signal}:`))
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
    this.#log(message, error)
    this.#main.abort(error)
    this.#startGrace()
  }

  #startGrace(): void {
    this.#timer ??= this.#afterGrace(() => this.#force(this.#signal, "the end of the grace period"))
  }

  #afterGrace(then: () => void): ReturnType<typeof setTimeout> | undefined {
    const { grace } = this.#settings
    return grace > LONGEST_TIMER ? undefined : setTimeout(then, grace)
  }

  #codeOf(exit: Exit<unknown>): number {
    try {
      return mustBeCode(this.#settings.exitCode(exit, this.#signal))
    } catch (error) {
      this.#log("no exit code", error)
      return 1
    }
  }

  /**
   * The process ends when nothing keeps it alive: output is written until then. Where it was to end and something does not
   * let it, that is told. A main that has come to its end by itself may have left a server of its own behind.
   */
  #leave(host: HostProcess, code: number, wanted: boolean): void {
    if (code !== 0 || host.exitCode === undefined) host.exitCode = code
    if (!wanted) return
    const timer = this.#afterGrace(() => {
      const kept = host.getActiveResourcesInfo?.().join(", ") ?? "something"
      tell(`All fibers have ended, but the process is kept alive by ${kept}: forced to exit with code ${code}.`)
      host.exit(code)
    })
    ;(timer as { unref?: () => void } | undefined)?.unref?.()
  }

  #force(signal: string | undefined, why: string): void {
    this.#show(`Forced to exit by ${why}. These fibers have not ended:`)
    this.#host?.exit(signal === undefined ? 1 : codeOfSignal(signal))
  }

  #show(title: string): void {
    tell(`${title}\n${String(dump(this.#scheduler, undefined, 1000))}`)
  }

  /** As the fiber that it is about. What is outside all fibers is about the program. */
  #log(message: string, error: unknown, fiber: Fiber<unknown, unknown> = this.#main): void {
    emit(fiber as FiberCore, { level: "error", message, fields: { error } })
  }
}

/** What is about the process is told on the console: a logger may be what is stuck. */
function tell(text: string): void {
  // oxlint-disable-next-line eslint/no-console -- this is where it is to be seen
  console.error(text)
}
