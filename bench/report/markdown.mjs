// @ts-check
import { machineText, packagesText, reportOf } from "./cases.mjs"
import { figure, range, ratioText } from "./figure.mjs"
import { notesOf } from "./notes.mjs"
/** @import { Case, Entry, Machine, Row } from "./types.d.ts" */

/**
 * A table per case, for the documentation.
 *
 * @param {readonly Entry[]} entries
 */
export function markdown(entries) {
  const { cases, machines, runtimes, commands } = reportOf(entries)
  const parts = [
    ...machines.map(machineLine),
    ...(runtimes.length > 0 ? [text(runtimes.join(" · "))] : []),
    ...commands.map(code),
    ...cases.map(section),
  ]
  return `${parts.join("\n\n")}\n`
}

/** @param {Machine} machine */
function machineLine(machine) {
  const date = machine.date === undefined ? "" : `${machine.date} UTC`
  return text([packagesText(machine), machineText(machine), date].filter(Boolean).join(" · "))
}

/** @param {Case} of */
function section({ name, title, unit, rows, commands }) {
  const lines = [
    `| variant | median, ${text(unit)} | 95 % interval | peak RSS, MiB | ÷ floor | ÷ best rival |`,
    "| --- | ---: | ---: | ---: | --- | --- |",
    ...rows.map(line),
  ]
  const parts = [`### ${text(name)}`, ...(title === "" ? [] : [text(title)]), lines.join("\n")]
  const notes = rows.flatMap((row) => {
    const own = notesOf(row)
    return own.length === 0 ? [] : [`- ${text(row.label)}: ${text(own.join(" · "))}`]
  })
  if (notes.length > 0) parts.push(notes.join("\n"))
  return [...parts, ...commands.map(code)].join("\n\n")
}

/** @param {Row} row */
function line(row) {
  const { value, beside, toFloor, toBest } = row
  const name = row.role === "rapid" ? `**${text(row.label)}**` : text(row.label)
  const cells =
    value === undefined ? [`✗ ${text(row.failures[0] ?? "no result")}`, ""] : [figure(value.estimate), range(value)]
  cells.push(beside.peakRss === undefined ? "" : figure(Math.round(beside.peakRss.estimate)))
  cells.push(...[toFloor, toBest].map((ratio) => (ratio === undefined ? "" : text(ratioText(ratio)))))
  return `| ${[name, ...cells].join(" | ")} |`
}

/**
 * Names come from elsewhere: none of them may end a cell or open a tag.
 *
 * @param {string} of
 */
function text(of) {
  return of
    .replace(/\s+/g, " ")
    .replace(/[\\`*_[\]<>|#~]/g, (sign) => (sign === "<" ? "&lt;" : sign === ">" ? "&gt;" : `\\${sign}`))
}

/** @param {string} command */
const code = (command) => `\`\`\`sh\n${command.replace(/`{3,}/g, "")}\n\`\`\``
