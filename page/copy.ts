/** Puts a value into the clipboard as JSON. Browsers offer theirs to trusted addresses only; the old way works everywhere. */
export async function copyAsJson(value: unknown): Promise<void> {
  const text = JSON.stringify(value, undefined, 2)
  if (window.isSecureContext) return navigator.clipboard.writeText(text)
  const area = document.createElement("textarea")
  area.value = text
  document.body.append(area)
  area.select()
  const copied = document.execCommand("copy")
  area.remove()
  if (!copied) throw new Error("The browser does not let this page copy.")
}
