// @ts-check
// Programs for app.test.ts, each a process of its own: `program.mjs <library> <name> …`.
const [, , library, name] = process.argv
/** @type {typeof import("rapid-fiber")} */
const { App, Logger, Task } = await import(library)

const say = (/** @type {string} */ text) => Task.sync(() => console.log(text))
const ready = say("ready")
const forever = ready.andThen(Task.never)
const soon = { grace: 150 }

/** @type {Record<string, () => Promise<number>>} */
const programs = {
  ok: () => App.run(() => say("done")),
  fail: () => App.run(() => Task.fail(new Error("no luck", { cause: new Error("bad weather") }))),
  throw: () =>
    App.run(() => {
      throw new RangeError("thrown by main")
    }),
  args: () => App.run((args) => say(JSON.stringify(args))),
  code: () =>
    App.run(() => Task.fail("seven"), {
      exitCode: (exit) => (exit.status === "rejected" && exit.reason === "seven" ? 7 : 1),
    }),
  "wrong code": () => App.run(() => Task.unit, { exitCode: () => 1000 }),
  log: () => App.run(() => Logger.logErrors(Task.fail(new Error("to be logged"))).catch(() => say("handled"))),

  stop: () => App.run(() => forever.finally(() => Task.sleep(20).andThen(say("main is cleaned up")))),
  detached: () =>
    App.run(() => {
      forever.finally(() => Task.sleep(20).andThen(say("detached is cleaned up"))).runAndForget()
      return Task.sleep(5).andThen(say("main is done"))
    }),
  "finish first": () => App.run(() => Task.uncancelable(() => ready.andThen(Task.sleep(100)).andThen(say("finished")))),
  "failing cleanup": () => App.run(() => forever.finally(() => Task.fail(new Error("cleanup failed")))),
  stuck: () => App.run(() => Task.uncancelable(() => ready.andThen(Task.never)), soon),
  "stuck long": () => App.run(() => Task.uncancelable(() => ready.andThen(Task.never))),
  "stuck after main": () =>
    App.run(() => {
      Task.uncancelable(() => Task.never).run({ name: "stubborn" })
      return Task.sleep(1).andThen(ready)
    }, soon),
  "kept alive": () =>
    App.run(() => {
      setInterval(() => {}, 1000)
      return forever
    }, soon),
  "left behind": () =>
    App.run(() => {
      setTimeout(() => console.log("the host's own"), 400)
      return say("done")
    }, soon),

  unobserved: () =>
    App.run(() => {
      Task.fail(new Error("nobody looks")).run({ name: "worker" })
      return Task.sleep(20).andThen(say("main goes on"))
    }),
  rejection: () =>
    App.run(() => {
      void Promise.reject(new Error("outside"))
      return forever.finally(() => say("main is cleaned up"))
    }),
  exception: () =>
    App.run(() => {
      setTimeout(() => {
        throw new Error("outside")
      }, 1)
      return forever.finally(() => say("main is cleaned up"))
    }),
  "cleanup that awaits": () => {
    const flush = Task.sleep(5).tap(() => console.log("flushed"))
    const worker = Task.never.finally(() =>
      Task.promise(async () => {
        await flush
      }),
    )
    return App.run(() => worker.startDetached().andThen(Task.sleep(20)))
  },
  "long grace": () =>
    App.run(() => forever.finally(() => Task.sleep(50).andThen(say("main is cleaned up"))), { grace: { days: 30 } }),
  "bad options": async () => {
    try {
      void App.run(() => Task.never, { grace: -1 })
    } catch {
      console.log("refused")
    }
    return 0
  },
  "cancels itself": () =>
    App.run(() =>
      Task.self()
        .flatMap((self) => self.cancel("had enough"))
        .andThen(Task.never),
    ),
  "signals itself": () => App.run(() => Task.sync(() => process.emit("SIGTERM", "SIGTERM")).andThen(Task.never)),
  "exit code of its own": () => App.run(() => Task.sync(() => void (process.exitCode = 9))),
  "other signal": () => App.run(() => forever, { signals: ["SIGUSR2"] }),
  "two apps": async () => (await App.run(() => say("first"))) + (await App.run(() => say("second"))),
}

const code = await programs[name]()
console.log(`code ${code}`)
