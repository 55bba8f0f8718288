// @ts-check
import { writeSync } from "node:fs"
import { measure } from "./harness/measure.mjs"

/**
 * One process of one variant: `node child.mjs <case> <variant> [options] [iterations]`, both as JSON. Prints what it
 * measured as a line of JSON and ends, whatever the variant has left running.
 */
const [name, variant, options = "{}", iterations = '{"warmups":3,"iterations":3,"seconds":8}'] = process.argv.slice(2)
const benchmark = await import(`./cases/${name}.mjs`)
const iteration = await benchmark[variant](JSON.parse(options))
const measured = await measure(benchmark.about, iteration, JSON.parse(iterations))
writeSync(1, `${JSON.stringify(measured)}\n`)
process.exit(0)
