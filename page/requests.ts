import type { FiberDetail, FiberPage, FiberQuery } from "../src/monitor/view.ts"

/** The server's refusal, in its own words. */
class RefusedError extends Error {
  override readonly name = "RefusedError"
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Fails with the reason for which the server refuses events; an EventSource does not tell it. */
export async function tryEvents(signal: AbortSignal): Promise<void> {
  const { body } = await answered(await fetch("events", { signal }))
  await body?.cancel()
}

export async function loadFibers(query: FiberQuery, signal?: AbortSignal): Promise<FiberPage> {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== "")
  return load<FiberPage>(
    `api/fibers?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`,
    signal,
  )
}

export async function loadFiber(id: number, signal?: AbortSignal): Promise<FiberDetail> {
  return load<FiberDetail>(`api/fibers/${id}`, signal)
}

export async function cancelFiber(id: number): Promise<void> {
  await answered(await fetch(`api/fibers/${id}/cancel`, { method: "POST", headers: { "x-rapid-fiber": "1" } }))
}

async function load<T>(path: string, signal: AbortSignal | undefined): Promise<T> {
  const response = await answered(await fetch(path, signal === undefined ? {} : { signal }))
  return (await response.json()) as T
}

async function answered(response: Response): Promise<Response> {
  if (response.ok) return response
  throw new RefusedError(response.status, (await response.text()).slice(0, 400))
}

/** Why an answer did not come, in words for the visitor. */
export function reasonOf(error: unknown): string {
  return error instanceof RefusedError ? error.message : "The program does not answer."
}

/** Whether what was asked for is not there: to ask again is of no use. */
export function isGone(error: unknown): boolean {
  return error instanceof RefusedError && error.status === 404
}
