/**
 * The names by which a server may be asked for. A page of another site can have its own name lead to this machine (DNS
 * rebinding) and is then, to the browser, of one origin with the server: only the name in the `Host` header tells. An
 * address cannot be made to lead elsewhere, so addresses are safe.
 */

const local = new Set(["localhost", "127.0.0.1", "::1"])

/** Whether only this machine reaches it. */
export function isLoopback(host: string): boolean {
  return local.has(host.toLowerCase()) || /^127(?:\.\d{1,3}){3}$/.test(host)
}

/** Whether it stands for all addresses of the machine. */
function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::"
}

/** A name or an address, without port and brackets. */
export function isHostName(given: unknown): given is string {
  return typeof given === "string" && (/^[a-z\d](?:[a-z\d._-]*[a-z\d])?$/i.test(given) || isAddress(given))
}

function isAddress(host: string): boolean {
  return /^\d{1,3}(?:\.\d{1,3}){3}$/.test(host) || (host.includes(":") && URL.canParse(`http://[${host}]/`))
}

/** The name in a `Host` header, in lower case and without brackets; undefined if there is none. */
export function nameIn(header: string): string | undefined {
  const match = /^(?:\[([a-f\d:.]+)\]|([^:[\]]+))(?::\d{1,5})?$/i.exec(header.trim())
  const name = (match?.[1] ?? match?.[2])?.toLowerCase()
  return isHostName(name) ? name : undefined
}

/** Whether a server that listens on `host` may be asked for by this name. */
export function expecting(host: string, further: readonly string[]): (name: string) => boolean {
  const names = new Set([...further, host].map((name) => name.toLowerCase()))
  const address = !isLoopback(host)
  return (name) => names.has(name) || isLoopback(name) || (address && isAddress(name))
}

/** A host as URLs write it. */
export function inUrl(host: string): string {
  if (isAnyAddress(host)) return host === "::" ? "[::1]" : "127.0.0.1"
  return host.includes(":") ? `[${host}]` : host
}
