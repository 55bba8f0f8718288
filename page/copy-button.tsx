import { useEffect, useState } from "preact/hooks"
import { copyAsJson } from "./copy.ts"

/** Says for a moment whether it has worked. */
export function CopyButton({ value }: { readonly value: unknown }) {
  const [answer, setAnswer] = useState<string>()
  useEffect(() => {
    const timer = setTimeout(() => setAnswer(undefined), 2000)
    return () => clearTimeout(timer)
  }, [answer])
  const copy = (): void => {
    copyAsJson(value).then(
      () => setAnswer("Copied"),
      () => setAnswer("Not copied"),
    )
  }
  return (
    <button type="button" onClick={copy} aria-disabled={value === undefined}>
      <span aria-live="polite">{answer ?? "Copy JSON"}</span>
    </button>
  )
}
