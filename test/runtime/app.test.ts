import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { constants, tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { App, Runtime, Task } from "rapid-fiber"
import { StatsMonitor } from "rapid-fiber/monitor"

let folder = ""
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "app-"))
  const library = join(folder, "rapid-fiber.mjs")
  await build({ entryPoints: ["src/index.ts"], bundle: true, format: "esm", outfile: library, logLevel: "error" })
})
afterAll(() => rm(folder, { recursive: true }))

interface Run {
  readonly out: string[]
  readonly err: string
  readonly code: number | null
  readonly signal: string | null
}

/** Runs a program of test/runtime/app; `signals` are sent one after the other when it has said that it is ready. */
function run(name: string, args: readonly string[] = [], ...signals: readonly NodeJS.Signals[]): Promise<Run> {
  const library = join(folder, "rapid-fiber.mjs")
  const deno = "Deno" in globalThis ? ["run", "--allow-all"] : []
  const child = spawn(process.execPath, [...deno, "test/runtime/app/program.mjs", library, name, ...args])
  let [out, err] = ["", ""]
  child.stderr.on("data", (data: Buffer) => (err += data.toString()))
  child.stdout.on("data", (data: Buffer) => {
    const before = out.includes("ready")
    out += data.toString()
    if (before || !out.includes("ready")) return
    // Not child.kill: Deno then takes the signal for what has ended the child.
    signals.forEach((signal, i) => void setTimeout(() => process.kill(child.pid as number, signal), i * 100))
  })
  return new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ out: out.split("\n").slice(0, -1), err, code, signal }))
  })
}

describe("App.run, a process of its own", { timeout: 20_000 }, () => {
  it("ends with 0 when main has", async () => {
    expect(await run("ok")).toEqual({ out: ["done", "code 0"], err: "", code: 0, signal: null })
  })

  it("ends with 1 when main fails, and logs the failure with its cause", async () => {
    const { out, err, code } = await run("fail")
    expect([out, code]).toEqual([["code 1"], 1])
    expect(err).toMatch(/main failed/)
    expect(err).toMatch(/Error: no luck[^]*Error: bad weather/)
    expect((await run("throw")).err).toMatch(/RangeError: thrown by main/)
  })

  it("gives main the arguments of the command line", async () => {
    const { out } = await run("args", ["--port", "80", "a b"])
    // The first two are those of program.mjs itself.
    expect((JSON.parse(out[0]) as string[]).slice(1)).toEqual(["args", "--port", "80", "a b"])
    expect(out[1]).toBe("code 0")
  })

  it("ends with the code that it is told", async () => {
    expect((await run("code")).code).toBe(7)
    const { code, err } = await run("wrong code")
    expect(code).toBe(1)
    expect(err).toMatch(/Expected `exitCode` to return an integer from 0 to 255, got 1000\./)
  })

  it("goes on where Logger.logErrors has logged a failure that is handled", async () => {
    const { out, err, code } = await run("log")
    expect([out, code]).toEqual([["handled", "code 0"], 0])
    expect(err).toMatch(/to be logged/)
  })

  it("on SIGTERM cancels main, runs its cleanups, and ends with 0", async () => {
    expect(await run("stop", [], "SIGTERM")).toEqual({
      out: ["ready", "main is cleaned up", "code 0"],
      err: "",
      code: 0,
      signal: null,
    })
  })

  it("on SIGINT does the same, and ends with 130", async () => {
    const { out, err, code } = await run("stop", [], "SIGINT")
    expect([out, err, code]).toEqual([["ready", "main is cleaned up", "code 130"], "", 130])
  })

  it("lets a main that cannot be cancelled finish, with 0", async () => {
    const { out, code } = await run("finish first", [], "SIGTERM")
    expect([out, code]).toEqual([["ready", "finished", "code 0"], 0])
  })

  it("ends with 1 and a log when a cleanup fails", async () => {
    const { err, code } = await run("failing cleanup", [], "SIGTERM")
    expect(code).toBe(1)
    expect(err).toMatch(/cleanup failed/)
  })

  it("after main cancels what else runs, and waits for its cleanups", async () => {
    const { out, code } = await run("detached")
    expect([out, code]).toEqual([["ready", "main is done", "detached is cleaned up", "code 0"], 0])
  })

  it("forces the end after the grace period, says what was stuck, and ends with 143", async () => {
    const { out, err, code } = await run("stuck", [], "SIGTERM")
    expect([out, code]).toEqual([["ready"], 143])
    expect(err).toMatch(
      /^Forced to exit by the end of the grace period\. These fibers have not ended:\nmain \(fiber-\d+\) waiting for nothing \(Task\.never\), being cancelled$/m,
    )
  })

  it("forces the end on a second signal", async () => {
    const { err, code } = await run("stuck long", [], "SIGTERM", "SIGINT")
    expect(code).toBe(130)
    expect(err).toMatch(/^Forced to exit by a second signal\./m)
  })

  it("forces the end when something does not end after main, with 1", async () => {
    const { err, code } = await run("stuck after main")
    expect(code).toBe(1)
    expect(err).toMatch(/stubborn \(fiber-\d+\) waiting/)
  })

  it("says what keeps the process alive after a signal when all fibers have ended, and ends with the code of main", async () => {
    const { out, err, code } = await run("kept alive", [], "SIGTERM")
    expect([out, code]).toEqual([["ready", "code 0"], 0])
    expect(err).toMatch(/All fibers have ended, but the process is kept alive by .*: forced to exit with code 0\./)
  })

  it("leaves alone what main has left behind that is no fiber", async () => {
    const { out, err, code } = await run("left behind")
    expect([out, err, code]).toEqual([["done", "code 0", "the host's own"], "", 0])
  })

  it("logs a failure that nobody observes, and goes on", async () => {
    const { out, err, code } = await run("unobserved")
    expect([out, code]).toEqual([["main goes on", "code 0"], 0])
    expect(err).toMatch(/worker failed, and nobody observed it[^]*Error: nobody looks/)
  })

  it.each(["rejection", "exception"])("ends in order after an error outside all fibers: %s", async (name) => {
    const { out, err, code } = await run(name)
    expect([out, code]).toEqual([["ready", "main is cleaned up", "code 1"], 1])
    expect(err).toMatch(/Error: outside/)
  })

  it("writes what runs on SIGUSR2", async () => {
    const { err, code } = await run("stop", [], "SIGUSR2", "SIGTERM")
    expect(code).toBe(0)
    expect(err).toMatch(/^SIGUSR2:\nmain \(fiber-\d+\) waiting for nothing \(Task\.never\)\n$/)
  })

  it("lets cleanups of other fibers await Tasks", async () => {
    const { out, err, code } = await run("cleanup that awaits")
    expect([out, err, code]).toEqual([["flushed", "code 0"], "", 0])
  })

  it("has a grace period that is longer than a timer can be", async () => {
    const { out, err, code } = await run("long grace", [], "SIGTERM")
    expect([out, err, code]).toEqual([["ready", "main is cleaned up", "code 0"], "", 0])
  })

  it("leaves nothing behind when it refuses its options", async () => {
    expect((await run("bad options")).out).toEqual(["refused", "code 0"])
  })

  it("logs that main was cancelled where no signal has done it, and ends with 1", async () => {
    const { err, code } = await run("cancels itself")
    expect(code).toBe(1)
    expect(err).toMatch(/main was cancelled, by no signal[^]*had enough/)
  })

  it("hears a signal in the first thing that main does", async () => {
    expect(await run("signals itself")).toMatchObject({ out: ["code 0"], err: "", code: 0 })
  })

  it("leaves an exit code that main has set where it has none of its own", async () => {
    expect(await run("exit code of its own")).toMatchObject({ out: ["code 0"], code: 9 })
  })

  it("ends on other signals, with their number, and does not dump on those", async () => {
    const { err, code } = await run("other signal", [], "SIGUSR2")
    expect([err, code]).toEqual(["", 128 + constants.signals.SIGUSR2])
  })

  it("can be run again when it is over", async () => {
    const { out, code } = await run("two apps")
    expect([out, code]).toEqual([["first", "second", "code 0"], 0])
  })
})

describe("App.run", () => {
  it("refuses what is no main, and options that it does not know", () => {
    expect(() => App.run(Task.unit as never)).toThrow(/^Expected App\.run to get a function, got a Task/)
    expect(() => App.run(() => Task.unit, { gracePeriod: 1 } as never)).toThrow(
      /^Expected the options of App\.run to be among grace, signals, dumpSignals, exitCode, got `gracePeriod`/,
    )
    expect(() => App.run(() => Task.unit, { grace: -1 })).toThrow(/^Expected `grace` to be/)
    for (const signals of ["SIGINT", ["SIGFOO"], ["SIGKILL"], [3]]) {
      const message = /^Expected `signals` to be a list of signals that can be heard, such as SIGTERM, got /
      expect(() => App.run(() => Task.unit, { signals: signals as never })).toThrow(message)
    }
    expect(() => App.run(() => Task.unit, { dumpSignals: 5 as never })).toThrow(/^Expected `dumpSignals` to be a list/)
    expect(() => App.run(() => Task.unit, { exitCode: 3 as never })).toThrow(
      /^Expected `exitCode` to be a function, got 3/,
    )
  })

  it("is one at a time", async () => {
    const first = App.run(() => Task.sleep(1))
    expect(() => App.run(() => Task.unit)).toThrow(/^Expected one program at a time, got a second App\.run/)
    expect(await first).toBe(0)
    expect(await App.run(() => Task.unit)).toBe(0)
    process.exitCode = undefined
  })

  it("runs in the default runtime: what watches that, watches the program", async () => {
    using stats = StatsMonitor.attach()
    const unhandled: unknown[] = []
    const before = Runtime.default
    await using own = Runtime.make({ onUnhandled: (reason) => void unhandled.push(reason) })
    expect(await App.run(() => Task.all([Task.yield(), Task.yield()]))).toBe(0)
    expect(stats.stats()).toMatchObject({ started: 3, succeeded: 3 })
    Runtime.setDefault(own)
    // Its own hook stays.
    expect(await App.run(() => Task.fail("lost").startDetached().andThen(Task.sleep(1)))).toBe(0)
    expect(unhandled).toEqual(["lost"])
    Runtime.setDefault(before)
    expect(await Task.sleep(1).as("still open")).toBe("still open")
    process.exitCode = undefined
  })

  it("leaves no listener behind", async () => {
    const events = ["SIGINT", "SIGTERM", "SIGUSR2", "uncaughtException", "unhandledRejection"]
    const listeners = (): number[] => events.map((event) => process.listenerCount(event))
    const before = listeners()
    const running = App.run(() => Task.sleep(1))
    expect(listeners()).toEqual(before.map((count) => count + 1))
    expect(await running).toBe(0)
    expect(listeners()).toEqual(before)
    process.exitCode = undefined
  })
})
