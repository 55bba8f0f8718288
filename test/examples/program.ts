import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished } from "vitest"
import { Task } from "rapid-fiber"
import { isNode } from "../node/folder.ts"

/**
 * The examples are TypeScript, and import the package by its name: on Node, tsx knows what that means. On Windows no process
 * can be asked to end, a signal ends it at once.
 */
export const canBeRun = isNode && process.platform !== "win32"

const root = fileURLToPath(new URL("../../", import.meta.url))

export interface Program {
  readonly url: string
  /** What it has written, both streams. */
  readonly output: () => string
  /** Waits until it has written this. */
  readonly says: (what: RegExp) => Promise<void>
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<Ended>
}

interface Ended {
  readonly code: number | null
  readonly signal: string | null
  readonly output: string
  /** Requests that have reached the program, and how many of them it has answered in full. */
  readonly requests: number
  readonly answers: number
}

/** Starts an example that serves, and waits until it listens. It does not outlive the test. */
export async function start(name: string, env: Readonly<Record<string, string>> = {}): Promise<Program> {
  const program = launch(name, { PORT: "0", ...env })
  const gone = program.ended.then(({ output: text }) =>
    Promise.reject(new Error(`It has ended before it listened: ${text}`)),
  )
  // It ends, at the latest, with the test.
  gone.catch(() => {})
  await Promise.race([program.says(/listening/), gone])
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(program.output())?.[0]
  return { ...program, url: url ?? expect.fail(`It does not say where it listens: ${program.output()}`) }
}

/** Starts an example. */
export function launch(name: string, env: Readonly<Record<string, string>>): Omit<Program, "url"> {
  const preloads = ["--import", "tsx", "--import", new URL("./count.ts", import.meta.url).href]
  const child = spawn(process.execPath, [...preloads, `examples/${name}.ts`], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)))
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code, signal) => {
      const [, requests, answers] = /counted (\d+) requests, (\d+) answers/.exec(output) ?? []
      resolve({ code, signal, output, requests: Number(requests), answers: Number(answers) })
    })
  })
  return {
    output: () => output,
    says: (what) => Task.until(() => what.test(output), { every: 10, timeout: { seconds: 20 } }).toPromise(),
    kill: (signal) => void child.kill(signal),
    ended,
  }
}
