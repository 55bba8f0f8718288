import { render } from "preact"
import { Page } from "./page.tsx"
import { applyTheme, storedTheme } from "./theme.ts"

applyTheme(storedTheme())
const place = document.getElementById("page")
if (place !== null) {
  // What stood there was for the time until now.
  place.replaceChildren()
  render(<Page />, place)
}
