import { describe } from "../data/index.ts"

/** A failure in a few words: its message, or what it is. Never fails itself. */
export function failureText(failure: unknown): string {
  try {
    if (!(failure instanceof Error)) return typeof failure === "string" ? failure : describe(failure)
    // Whoever has thrown it may have put anything there.
    const { message, name }: { readonly message: unknown; readonly name: unknown } = failure
    if (typeof message === "string" && message !== "") return message
    return typeof name === "string" ? name : "Error"
  } catch {
    return "a failure that cannot be read"
  }
}
