/** SHA-256 of a text, by the platform. */
export async function sha256(text: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)))
}

/** In constant time: all bytes are looked at, whether or not an early one differs. Of digests, so lengths tell nothing. */
export function equalDigests(one: Uint8Array, other: Uint8Array): boolean {
  let difference = one.length ^ other.length
  for (let i = 0; i < one.length; i++) difference |= one[i] ^ other[i]
  return difference === 0
}
