// @ts-check
import { createHash } from "node:crypto"
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
/** @import { Outcome } from "./types.d.ts" */

/**
 * What has been measured so far, a line for each process, so that a run which was interrupted goes on where it was. It
 * belongs to one build, one set of rivals and one set of options: anything else starts afresh.
 */
export class Journal {
  #file
  /** @type {Map<string, Outcome>} */
  #outcomes = new Map()

  /**
   * @param {string} file
   * @param {unknown} about what the outcomes depend on
   */
  constructor(file, about) {
    this.#file = file
    const identity = createHash("sha256").update(JSON.stringify(about)).digest("hex")
    const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : []
    if (lines[0] !== identity) {
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, `${identity}\n`)
      return
    }
    for (const line of lines.slice(1)) {
      const [key, outcome] = parse(line)
      if (key !== undefined && outcome !== undefined) this.#outcomes.set(key, outcome)
    }
  }

  /** How many processes an earlier run has measured. */
  get size() {
    return this.#outcomes.size
  }

  /** @param {string} key */
  find(key) {
    return this.#outcomes.get(key)
  }

  /**
   * @param {string} key
   * @param {Outcome} outcome
   */
  keep(key, outcome) {
    this.#outcomes.set(key, outcome)
    appendFileSync(this.#file, `${JSON.stringify([key, outcome])}\n`)
  }

  /** All is measured. */
  end() {
    rmSync(this.#file, { force: true })
  }
}

/**
 * The last line may be half of one.
 *
 * @param {string} line
 * @returns {[string, Outcome] | []}
 */
function parse(line) {
  try {
    return JSON.parse(line)
  } catch {
    return []
  }
}
