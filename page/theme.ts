export type Theme = "system" | "light" | "dark"

const key = "rapid-fiber-theme"

/** What the visitor has chosen here before. */
export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(key)
    return stored === "light" || stored === "dark" ? stored : "system"
  } catch {
    // Storage may be forbidden; the system's choice will do.
    return "system"
  }
}

export function applyTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset["theme"]
  else document.documentElement.dataset["theme"] = theme
  try {
    localStorage.setItem(key, theme)
  } catch {
    // It holds until the page is left.
  }
}
