import { describe } from "../data/index.ts"
import { Task } from "../task/index.ts"

/** What `Unique.make` and `Unique.poolSize` may be told. */
export interface UniqueOptions {
  /** How many characters. Default 32. */
  readonly length?: number
  /** The characters to draw from: 2 to 256, each once and of one UTF-16 unit. Default: `Unique.lettersAndNumbers`. */
  readonly alphabet?: string
}

/** No more than the platform fills in one call. */
const LARGEST_DRAW = 65_536

// The strings are written out: a sum of strings would keep bundlers from dropping the object.

/**
 * Random names that nobody else will draw: tokens, keys, identifiers. The randomness is the platform's `crypto`, so the
 * result is fit for secrets; every character is drawn with the same probability. The alphabets are properties.
 *
 * @example
 * ```ts
 * const id = await Unique.make()
 * id.length // 32
 * const code = await Unique.make({ length: 8, alphabet: Unique.readable })
 * code.length // 8
 * ```
 */
export const Unique = {
  /** `a` to `z`. */
  lettersLower: "abcdefghijklmnopqrstuvwxyz",
  /** `A` to `Z`. */
  lettersUpper: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  /** `a` to `z` and `A` to `Z`. */
  letters: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
  /** `0` to `9`. */
  numbers: "0123456789",
  /** Letters of both cases and numbers: the default. */
  lettersAndNumbers: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
  /** `0` to `9` and `a` to `f`. */
  hexadecimal: "0123456789abcdef",
  /** Capitals and numbers that are not mistaken for each other: no B, I, L, O, S, U, V, Z, 0 and 1. */
  readable: "ACDEFGHJKMNPQRTWXY23456789",

  /**
   * Yields a new random string at each run. The default of 32 letters and numbers has 190 bits: more than a UUID.
   *
   * @throws RangeError or TypeError at the call, for a length that is not an integer >= 1 or an alphabet that is not 2
   * to 256 different characters.
   *
   * @example
   * ```ts
   * const key = await Unique.make({ length: 64, alphabet: Unique.hexadecimal })
   * key.length // 64
   * ```
   */
  make(options?: UniqueOptions): Task<string> {
    const { length, alphabet } = checked(options, "Unique.make")
    return Task.sync(() => draw(length, alphabet))
  },

  /**
   * Yields a new UUID of version 4, `crypto.randomUUID()`, at each run. Browsers have that only in secure contexts
   * (HTTPS and localhost); elsewhere the task fails with an error that says so. `Unique.make` works there, too.
   *
   * @example
   * ```ts
   * const uuid = await Unique.uuid
   * uuid.length // 36
   * ```
   */
  get uuid(): Task<string> {
    return Task.sync(randomUUID)
  },

  /**
   * How many different strings `make` can yield with the same options. By the birthday rule, collisions become likely
   * when about the square root of it has been drawn.
   *
   * @throws as `make` does.
   *
   * @example
   * ```ts
   * Unique.poolSize({ length: 4, alphabet: Unique.numbers }) // 10_000n
   * ```
   */
  poolSize(options?: UniqueOptions): bigint {
    const { length, alphabet } = checked(options, "Unique.poolSize")
    return BigInt(alphabet.length) ** BigInt(length)
  },
} as const

/**
 * Bytes from the largest multiple of the alphabet's length on are thrown away: the rest of a division would prefer the
 * first characters.
 */
function draw(length: number, alphabet: string): string {
  const fair = 256 - (256 % alphabet.length)
  let drawn = ""
  while (drawn.length < length) {
    const wanted = Math.ceil(((length - drawn.length) * 256) / fair)
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(wanted, LARGEST_DRAW)))
    for (const byte of bytes) {
      if (byte < fair && drawn.length < length) drawn += alphabet.charAt(byte % alphabet.length)
    }
  }
  return drawn
}

function randomUUID(): string {
  // Browsers leave it out where the page came without encryption, whatever the types say.
  if ((crypto as Partial<Crypto>).randomUUID === undefined) {
    throw new Error(
      "Expected crypto.randomUUID to exist, got undefined. Browsers have it only in secure contexts (HTTPS, localhost): " +
        "use Unique.make.",
    )
  }
  return crypto.randomUUID()
}

function checked(options: UniqueOptions | undefined, where: string): Required<UniqueOptions> {
  const { length = 32, alphabet = Unique.lettersAndNumbers } = options ?? {}
  if (!Number.isInteger(length) || length < 1) {
    throw new RangeError(`Expected \`length\` of ${where} to be an integer >= 1, got ${describe(length)}.`)
  }
  if (typeof alphabet !== "string") throw new TypeError(wrongAlphabet(where, describe(alphabet)))
  const found = flaw(alphabet)
  if (found !== undefined) throw new RangeError(wrongAlphabet(where, found))
  return { length, alphabet }
}

function flaw(alphabet: string): string | undefined {
  if (alphabet.length < 2 || alphabet.length > 256) return `${alphabet.length} of them`
  const outside = /[\uD800-\uDFFF]/.exec(alphabet)
  if (outside !== null) return `${describe(alphabet)}, in which a character takes two UTF-16 units`
  const twice = alphabet.split("").find((character, index) => alphabet.indexOf(character) !== index)
  return twice === undefined ? undefined : `${describe(twice)} twice`
}

function wrongAlphabet(where: string, found: string): string {
  return (
    `Expected \`alphabet\` of ${where} to be a string of 2 to 256 different characters of one UTF-16 unit each, ` +
    `got ${found}. There are ready ones: Unique.readable, Unique.hexadecimal.`
  )
}
