// First: it counts the host timers of all that follows.
import "./host-timers.ts"
import { measure } from "./measure.ts"
import { planted } from "./planted.ts"
import { shapes } from "./shapes/index.ts"

/** Measures one shape and says what it found; then nothing is to keep the process alive. */
const [name, form] = process.argv.slice(2)
const shape = [...shapes, ...planted].find((candidate) => candidate.name === name)
if (shape === undefined) throw new Error(`Expected the name of a shape, got ${name}`)
const findings = await measure(shape, form === "long" ? "long" : "short")
process.stdout.write(`${JSON.stringify(findings)}\n`)
