import { useState } from "preact/hooks"
import type { Overview } from "../src/monitor/view.ts"
import { CopyButton } from "./copy-button.tsx"
import { count, duration, timeOfDay } from "./format.ts"
import type { Connection } from "./live.ts"
import { applyTheme, storedTheme, type Theme } from "./theme.ts"

const words: Readonly<Record<Connection, string>> = {
  connecting: "Connecting…",
  live: "Live",
  paused: "Paused",
  lost: "Connection lost, trying again",
}

interface HeaderProps {
  readonly connection: Connection
  readonly overview: Overview | undefined
  readonly onPause: () => void
}

export function Header({ connection, overview, onPause }: HeaderProps) {
  return (
    <header class="top">
      <h1>rapid-fiber</h1>
      <p class={`connection ${connection}`} role="status" aria-live="polite">
        {words[connection]}
      </p>
      {overview !== undefined && (
        <p class="program">
          {location.host} · {count(overview.fibers.live)} fibers · watched for {duration(overview.uptime)} · as of{" "}
          <time dateTime={new Date(overview.time).toISOString()}>{timeOfDay(overview.time)}</time>
        </p>
      )}
      <div class="tools">
        <button type="button" onClick={onPause}>
          {connection === "paused" ? "Resume" : "Pause"}
        </button>
        <CopyButton value={overview} />
        <ThemeChoice />
      </div>
    </header>
  )
}

function ThemeChoice() {
  const [theme, setTheme] = useState(storedTheme)
  const choose = (chosen: Theme): void => {
    setTheme(chosen)
    applyTheme(chosen)
  }
  return (
    <label class="choice">
      <span class="hidden">Colours</span>
      <select value={theme} onChange={({ currentTarget }) => choose(currentTarget.value as Theme)}>
        <option value="system">System colours</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  )
}
