import { parseCommand, USAGE, UsageError } from "./arguments.ts"
import { describeReport } from "./report.ts"
import { sleeps } from "./sleeps.ts"
import { version } from "./version.ts"

async function main(args: readonly string[]): Promise<number> {
  const command = parseCommand(args)
  if (command.name === "help") {
    console.log(USAGE)
    return 0
  }
  if (command.name === "version") {
    console.log(version())
    return 0
  }
  const report = await sleeps(command.options)
  console.log(command.options.json ? JSON.stringify(report, undefined, 2) : describeReport(report))
  if (report.interrupted) return 130
  return report.ok ? 0 : 1
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
