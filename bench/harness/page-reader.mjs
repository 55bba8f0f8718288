// @ts-check
import { fork } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"

/**
 * Starts a process that does what an open live page does: it reads the event stream, and asks for the list every second.
 *
 * @param {string} url
 */
export async function startReader(url) {
  const reader = fork(fileURLToPath(import.meta.url), [url])
  await once(reader, "message")
  return () => void reader.kill()
}

/** @param {string} url */
async function read(url) {
  const events = await fetch(`${url}events`)
  setInterval(() => void fetch(`${url}api/fibers?state=sleeping&sort=name&limit=100`).then((answer) => answer.text()), 1000)
  process.send?.("reading")
  for await (const _ of events.body ?? []);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await read(String(process.argv[2]))
