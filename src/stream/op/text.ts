import { type Next, NONE, type Open, type Plan, stage } from "../pull.ts"

/** Bytes to text; a character may lie across chunks. */
export function decode(from: Plan<AllowSharedBufferSource>, encoding: string, fatal: boolean): Open<string> {
  return stage(from, (next, run): Next<string> => {
    const decoder = new TextDecoder(encoding, { fatal })
    let over = false
    return () => {
      for (;;) {
        if (over) return run.end()
        const bytes = next()
        if (bytes === NONE) {
          if (!run.ended) return NONE
          over = true
        }
        const text = bytes === NONE ? decoder.decode() : decoder.decode(bytes, { stream: true })
        if (text !== "") return text
      }
    }
  })
}

/** Text to bytes; a character may lie across pieces. */
export function encode(from: Plan<string>): Open<Uint8Array<ArrayBuffer>> {
  return stage(from, (next, run): Next<Uint8Array<ArrayBuffer>> => {
    const encoder = new TextEncoder()
    /** The first half of a character, at the end of a piece. */
    let half = ""
    let over = false
    return () => {
      for (;;) {
        if (over) return run.end()
        const piece = next()
        if (piece === NONE && (!run.ended || half === "")) return NONE
        over = piece === NONE
        const text = piece === NONE ? half : half + piece
        const cut = piece !== NONE && isFirstHalf(text) ? 1 : 0
        half = cut > 0 ? text.slice(-1) : ""
        if (text.length > cut) return encoder.encode(cut > 0 ? text.slice(0, -1) : text)
      }
    }
  })
}

function isFirstHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last < 0xdc00
}

/** Text in pieces of any size to lines: what ends with \n or \r\n, and what is left at the end. */
export function lines(from: Plan<string>): Open<string> {
  return stage(from, (next, run): Next<string> => {
    let text = ""
    let at = 0
    /** The beginning of a line, in the pieces in which it came: looked through once. */
    let begun: string[] = []
    let over = false
    const line = (end: string): string => {
      begun.push(end)
      const whole = begun.join("")
      begun = []
      return whole.endsWith("\r") ? whole.slice(0, -1) : whole
    }
    return () => {
      for (;;) {
        if (over) return run.end()
        const end = text.indexOf("\n", at)
        if (end >= 0) {
          const from_ = at
          at = end + 1
          if (begun.length > 0) return line(text.slice(from_, end))
          return text.slice(from_, text.charCodeAt(end - 1) === 13 && end > from_ ? end - 1 : end)
        }
        if (at < text.length) begun.push(at === 0 ? text : text.slice(at))
        text = ""
        at = 0
        const piece = next()
        if (piece !== NONE) text = piece
        else if (!run.ended) return NONE
        else {
          over = true
          if (begun.length > 0) return begun.join("")
        }
      }
    }
  })
}
