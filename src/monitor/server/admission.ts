import { equalDigests, sha256 } from "./digest.ts"

/**
 * Who may come in, by a token. It is given as `Authorization: Bearer …`, or once in the query of the page's address, for a
 * cookie. The cookie does not hold the token but a digest of it, as other programs on the same host are sent it, too: cookies
 * know no ports.
 */
export interface Admission {
  /** Whether the token is the right one. Takes as long for a wrong one. */
  knows(token: string): Promise<boolean>
  /** Whether a request to `host` with these headers may pass. */
  admits(headers: Headers, host: string): Promise<boolean>
  /** What a visitor gets who has brought the token to `host`. */
  cookie(host: string): Promise<string>
}

/** So many of one name are tried. */
const MOST_COOKIES = 8

export function admissionBy(token: string): Admission {
  const expected = sha256(token)
  const pass = expected.then((digest) => sha256(`cookie ${hex(digest)}`)).then(hex)
  const knows = async (given: string): Promise<boolean> => equalDigests(await sha256(given), await expected)
  return {
    knows,
    async admits(headers, host) {
      const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1]
      if (bearer !== undefined) return knows(bearer)
      const expectedPass = await sha256(await pass)
      // Others may have set one of the same name.
      for (const cookie of valuesOf(headers.get("cookie") ?? "", cookieFor(host))) {
        if (equalDigests(await sha256(cookie), expectedPass)) return true
      }
      return false
    },
    cookie: async (host) => `${cookieFor(host)}=${await pass}; Path=/; HttpOnly; SameSite=Strict`,
  }
}

/** By the port that the browser sees, so that two programs behind one name do not take each other's place. */
function cookieFor(host: string): string {
  return `rapid-fiber-monitor-${/:(\d+)$/.exec(host)?.[1] ?? "0"}`
}

function valuesOf(cookies: string, name: string): string[] {
  const found = cookies.split(/; */).filter((cookie) => cookie.startsWith(`${name}=`))
  return found.slice(0, MOST_COOKIES).map((cookie) => cookie.slice(name.length + 1))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")
}
