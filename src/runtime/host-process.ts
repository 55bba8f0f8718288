/** What an app needs of the process that it is: Node's `process`, which Bun and Deno have, too. */
export interface HostProcess {
  readonly argv: readonly string[]
  exitCode?: number | string | null | undefined
  exit(code?: number): unknown
  on(event: string, listener: (news: never) => void): unknown
  off(event: string, listener: (news: never) => void): unknown
  /** Kinds of what keeps the process alive. */
  getActiveResourcesInfo?(): string[]
}

/** The process, where there is one: a browser and an edge host have none. */
export function hostProcess(): HostProcess | undefined {
  const found = (globalThis as unknown as { process?: Partial<HostProcess> }).process
  return typeof found?.on === "function" && typeof found.exit === "function" ? (found as HostProcess) : undefined
}

/** Listens until the undo is called. A host that does not know the signal is not asked again. */
export function listen(to: HostProcess, event: string, listener: (news: never) => void): () => void {
  try {
    to.on(event, listener)
  } catch {
    return () => {}
  }
  return () => to.off(event, listener)
}
