// @ts-check

/**
 * Loads funfix, with the scheduler at which it is fastest: by default it hands over to a timer after every 128 steps.
 */
export async function loadFunfix() {
  const { IO } = await import("funfix-effect")
  const { ExecutionModel, GlobalScheduler } = await import("funfix-exec")
  return { IO, scheduler: new GlobalScheduler(true, ExecutionModel.synchronous()) }
}
