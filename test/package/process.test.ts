import { spawn } from "node:child_process"
import { pathToFileURL } from "node:url"
import { describe, expect, it } from "vitest"
import { root } from "../../scripts/manifest.ts"
import { builtIndex } from "./dist.ts"

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs node with these arguments until it exits by itself; a process that stays alive too long is a failure. */
function node(
  args: readonly string[],
  onOutput: (send: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
    const stuck = setTimeout(() => child.kill("SIGKILL"), 20_000)
    let [out, err] = ["", ""]
    child.stdout.on("data", (chunk) => (out += String(chunk)))
    child.stderr.on("data", (chunk) => (err += String(chunk)))
    child.on("error", reject)
    child.on("exit", () => clearTimeout(stuck))
    child.on("close", (code) => resolve({ code, out: out.trim(), err }))
    onOutput((signal) => child.kill(signal))
  })
}

/** Runs a program against the built package. */
function program(code: string): Promise<Ended> {
  const head = `import { Task, Runtime } from ${JSON.stringify(pathToFileURL(builtIndex()).href)}\n`
  return node(["--input-type=module", "--eval", head + code])
}

const log = (text: string): string => `Task.sync(() => console.log(${JSON.stringify(text)}))`

describe("a process", () => {
  it("goes on after a host that refused it a turn, as edge hosts do while a module is loaded", async () => {
    const { out } = await node([
      "--input-type=module",
      "--eval",
      `const real = setImmediate
       let refusing = true
       globalThis.setImmediate = (f) => {
         if (refusing) throw new Error("not here")
         return real(f)
       }
       const { Task } = await import(${JSON.stringify(pathToFileURL(builtIndex()).href)})
       try { Task.sleep(1).runAndForget() } catch (error) { console.log(error.message) }
       refusing = false
       console.log(await Task.sleep(1).as("woken"))`,
    ])
    expect(out).toBe("not here\nwoken")
  })

  const alive: Record<string, [string, string]> = {
    "stays alive while a held fiber sleeps": [`Task.sleep(30).andThen(${log("woke")}).run()`, "woke"],
    "stays alive while a forgotten one sleeps": [`Task.sleep(30).andThen(${log("woke")}).runAndForget()`, "woke"],
    "stays alive while one sleeps on the platform clock": [
      `Task.sleep(30).andThen(${log("woke")}).run({ runtime: Runtime.make({ clock: "platform" }) })`,
      "woke",
    ],
    "stays alive beside sleepers that do not keep it so": [
      `Task.sleep(100_000, { ref: false }).run(); Task.sleep(5, { ref: false }).andThen(${log("loose")}).run()
       Task.sleep(40).andThen(${log("kept")}).run()`,
      "loose\nkept",
    ],
    "exits with a fiber that never ends": [`Task.never.andThen(${log("never")}).run(); console.log("end")`, "end"],
    "exits with an infinite sleep": [`Task.sleep(Infinity).run(); console.log("end")`, "end"],
    "exits with sleeps that are not to keep it alive": [
      `for (const clock of ["wheel", "platform"])
         Task.sleep(100_000, { ref: false }).run({ runtime: Runtime.make({ clock }) })
       console.log("end")`,
      "end",
    ],
    "exits when its last sleeper is cancelled": [
      `const fiber = Task.sleep(100_000).run(); Task.sleep(5).run(); fiber.abort(); console.log("end")`,
      "end",
    ],
    "exits when its runtime is closed": [
      `const runtime = Runtime.make(); Task.sleep(100_000).runAndForget({ runtime }); Task.sleep(100_000).run({ runtime })
       await runtime.close(); console.log("closed")`,
      "closed",
    ],
    "exits while a promise that nobody settles is awaited by a fiber": [
      `Task.promise(() => new Promise(() => {})).run(); console.log("end")`,
      "end",
    ],
  }
  for (const [what, [code, expected]] of Object.entries(alive)) {
    it(what, async () => expect(await program(code)).toMatchObject({ code: 0, out: expected }))
  }
})

describe("a failure that nobody observes", () => {
  it("is an unhandled rejection with the very object, and ends the process as one", async () => {
    const ended = await program(`Task.sync(() => { throw new TypeError("lost") }).run()`)
    expect(ended.code).toBe(1)
    expect(ended.err).toContain("TypeError: lost")
  })

  it("is reported once, for each way to start it", async () => {
    const code = `
      const reasons = []
      process.on("unhandledRejection", (reason) => reasons.push(reason))
      Task.fail("held").run()
      Task.fail("forgotten").runAndForget()
      Task.sleep(1).andThen(Task.fail("later")).runAndForget()
      Task.fail("detached").startDetached().run()
      Task.sleep(1).map(() => { throw "in a map" }).runAndForget()
      setTimeout(() => console.log(reasons.sort().join()), 50)`
    expect((await program(code)).out).toBe("detached,forgotten,held,in a map,later")
  })

  it("is not one if it is joined, awaited, polled or watched within the turn, or if its fiber was cancelled", async () => {
    const code = `
      process.on("unhandledRejection", (reason) => console.log("reported", reason))
      const fibers = [1, 2, 3, 4].map((n) => Task.fail(n).run())
      await Promise.resolve()
      fibers[0].join().attempt().run()
      fibers[1].toPromise().catch(() => {})
      fibers[2].poll()
      fibers[3].onExit(() => {})
      Task.never.run().abort("cancelled")
      setTimeout(() => console.log("end"), 30)`
    expect((await program(code)).out).toBe("end")
  })

  it("goes to the runtime's own hook, with its fiber, and what the hook throws to the host", async () => {
    const code = `
      process.on("unhandledRejection", (reason) => console.log("host", reason))
      const runtime = Runtime.make({ onUnhandled: (reason, fiber) => { console.log(reason, fiber?.name); throw "hook" } })
      Task.fail("lost").run({ runtime, name: "loser" })
      setTimeout(() => console.log("end"), 30)`
    expect((await program(code)).out).toBe("lost loser\nhost hook\nend")
  })
})

describe("the mock timers of node:test", () => {
  it("move the runtime's time, with Date and without", async () => {
    const code = `
      import { mock } from "node:test"
      for (const apis of [["setTimeout", "Date"], ["setTimeout"]]) {
        mock.timers.enable(process.version < "v21" ? (apis.length > 1 ? undefined : apis) : { apis })
        const woken = []
        for (const clock of ["wheel", "platform"])
          Task.sleep({ hours: 1 }).map(() => woken.push(clock)).run({ runtime: Runtime.make({ clock }) })
        mock.timers.tick(3_599_000)
        console.log(woken.length)
        mock.timers.tick(2_000)
        console.log(woken.length)
        mock.timers.reset()
      }`
    expect((await program(code)).out).toBe("0\n2\n0\n2")
  })
})

describe("async context in a process that has not used it yet", () => {
  it("is seen from its first use on, and before that costs no object", async () => {
    const code = `
      import { AsyncLocalStorage } from "node:async_hooks"
      const seen = []
      const store = new AsyncLocalStorage()
      const note = Task.sleep(2).map(() => seen.push(store.getStore()))
      note.runAndForget()
      store.run("first", () => note.runAndForget())
      note.run()
      store.run("second", () => note.run())
      setTimeout(() => console.log(JSON.stringify(seen)), 40)`
    expect((await program(code)).out).toBe(`[null,"first",null,"second"]`)
  })
})

describe("rapid-fiber sleeps, the command", () => {
  const cli = `${root}dist/cli.js`

  it("exits with 0 and a report when all woke in time", async () => {
    const ended = await node([cli, "sleeps", "5_000", "--max", "1", "--uniform"])
    expect(ended).toMatchObject({ code: 0, err: "" })
    expect(ended.out).toMatch(/^5,000 sleeps, one thread\.[\s\S]*lost +0\n[\s\S]*early +0\n[\s\S]*OK$/)
  })

  it("writes JSON when asked", async () => {
    const { out, code } = await node([cli, "sleeps", "--count", "1000", "--max", "1", "--json"])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ woken: 1000, lost: 0, early: 0, surplus: 0, ok: true, interrupted: false })
  })

  it("ends cleanly on SIGINT with what it reached, and exits with 130", async () => {
    const interruptedAfter = (ms: number): ReturnType<typeof node> =>
      node([cli, "sleeps", "1000", "--max", "60"], (send) => setTimeout(() => send("SIGINT"), ms))
    let ended = await interruptedAfter(700)
    // On a busy machine the process may not have begun by then: the signal kills it, and there is no code.
    for (const ms of [2000, 6000]) if (ended.code === null) ended = await interruptedAfter(ms)
    expect(ended.code).toBe(130)
    expect(ended.out).toMatch(/^Interrupted after [\s\S]*of 1,000 started/)
  })

  it("says what is wrong with its arguments and exits with 2", async () => {
    const ended = await node([cli, "sleeps", "many"])
    expect(ended).toMatchObject({ code: 2, out: "" })
    expect(ended.err).toMatch(/^Expected `count` to be an integer.*got "many"\.\n\nUsage:/)
  })
})
