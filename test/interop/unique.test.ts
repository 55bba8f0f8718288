import fc from "fast-check"
import { afterEach, describe, expect, it, vi } from "vitest"
import { Unique } from "rapid-fiber"

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** Characters of one UTF-16 unit that are no surrogates. */
const character = fc.integer({ min: 0, max: 0xd7ff }).map((code) => String.fromCharCode(code))
const alphabets = fc.uniqueArray(character, { minLength: 2, maxLength: 256 }).map((all) => all.join(""))

describe("Unique.make", () => {
  it("yields 32 letters and numbers by default, others at each run", async () => {
    const task = Unique.make()
    const drawn = await Promise.all(Array.from({ length: 100 }, () => task.toPromise()))
    expect(new Set(drawn).size).toBe(100)
    for (const text of drawn) expect(text).toMatch(/^[a-zA-Z0-9]{32}$/)
  })

  it("yields strings of the length and of the characters of any alphabet", async () => {
    await fc.assert(
      fc.asyncProperty(alphabets, fc.integer({ min: 1, max: 300 }), async (alphabet, length) => {
        const text = await Unique.make({ length, alphabet })
        expect(text).toHaveLength(length)
        expect(text.split("").filter((drawn) => !alphabet.includes(drawn))).toEqual([])
      }),
    )
  })

  it("draws every character from as many bytes as any other, for every size of alphabet", async () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code + 256)).join("")
    const random = vi.spyOn(crypto, "getRandomValues")
    for (let size = 2; size <= 256; size++) {
      // Every byte comes as often as any other, over two rounds of all.
      let next = 0
      random.mockImplementation((bytes) => {
        const given = bytes as unknown as Uint8Array
        for (let i = 0; i < given.length; i++) given[i] = next++ % 256
        return bytes
      })
      const fair = 256 - (256 % size)
      const text = await Unique.make({ length: 2 * fair, alphabet: all.slice(0, size) })
      const counts = new Map<string, number>()
      for (const drawn of text) counts.set(drawn, (counts.get(drawn) ?? 0) + 1)
      expect([...counts.values()]).toEqual(Array.from({ length: size }, () => (2 * fair) / size))
    }
  })

  it("draws again for the bytes that it throws away, as long as it takes", async () => {
    let calls = 0
    vi.stubGlobal("crypto", { getRandomValues: (bytes: Uint8Array) => bytes.fill(++calls < 5 ? 255 : 1) })
    expect(await Unique.make({ length: 4, alphabet: "abc" })).toBe("bbbb")
    expect(calls).toBe(5)
  })

  it("is right beyond what the platform fills in one call", async () => {
    const length = 200_000
    const text = await Unique.make({ length, alphabet: "01" })
    expect(text).toHaveLength(length)
    expect(text).toMatch(/^[01]+$/)
    // A fair coin is within six standard deviations of the half.
    const ones = Array.from(text).filter((character) => character === "1").length
    expect(Math.abs(ones - length / 2)).toBeLessThan(6 * Math.sqrt(length / 4))
  })

  it("draws from nothing but the platform's crypto", async () => {
    const pseudo = vi.spyOn(Math, "random")
    await Unique.make()
    await Unique.uuid
    expect(pseudo).not.toHaveBeenCalled()
  })

  it("refuses at the call a length that is no integer >= 1", () => {
    for (const length of [0, -1, 1.5, NaN, Infinity, "8" as never, 8n as never]) {
      expect(() => Unique.make({ length })).toThrow(RangeError)
      expect(() => Unique.poolSize({ length })).toThrow(RangeError)
    }
    expect(() => Unique.make({ length: 0 })).toThrow("Expected `length` of Unique.make to be an integer >= 1, got 0.")
  })

  it("refuses at the call an alphabet that is no set of 2 to 256 units, and names the flaw", () => {
    const long = Array.from({ length: 257 }, (_, code) => String.fromCharCode(code + 256)).join("")
    const flaws: [string, RegExp][] = [
      ["", /got 0 of them/],
      ["a", /got 1 of them/],
      [long, /got 257 of them/],
      ["abca", /got "a" twice/],
      ["ab🙂", /in which a character takes two UTF-16 units/],
      ["ab\ud800", /in which a character takes two UTF-16 units/],
    ]
    for (const [alphabet, message] of flaws) {
      expect(() => Unique.make({ alphabet })).toThrow(message)
      expect(() => Unique.poolSize({ alphabet })).toThrow(RangeError)
    }
    expect(() => Unique.make({ alphabet: ["a", "b"] as never })).toThrow(TypeError)
  })
})

describe("the alphabets of Unique", () => {
  const named = [
    "lettersLower",
    "lettersUpper",
    "letters",
    "numbers",
    "lettersAndNumbers",
    "hexadecimal",
    "readable",
  ] as const

  it("are what they are called", () => {
    expect(named.map((name) => Unique[name].length)).toEqual([26, 26, 52, 10, 62, 16, 26])
    expect(Unique.letters).toBe(Unique.lettersLower + Unique.lettersUpper)
    expect(Unique.lettersAndNumbers).toBe(Unique.letters + Unique.numbers)
  })

  it.each(named)("%s is one to draw from", async (name) => {
    const text = await Unique.make({ length: 1000, alphabet: Unique[name] })
    expect(text.split("").filter((drawn) => !Unique[name].includes(drawn))).toEqual([])
  })

  it("leave out of readable what looks like something else", () => {
    for (const pair of ["0O", "1I", "1L", "2Z", "5S", "8B", "UV"]) {
      expect(pair.split("").filter((character) => Unique.readable.includes(character)).length).toBeLessThan(2)
    }
  })
})

describe("Unique.uuid", () => {
  it("yields a UUID of version 4, another at each run", async () => {
    const drawn = [await Unique.uuid, await Unique.uuid]
    for (const uuid of drawn)
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(drawn[0]).not.toBe(drawn[1])
  })

  it("fails with the reason where a page came without encryption", async () => {
    vi.stubGlobal("crypto", { getRandomValues: crypto.getRandomValues.bind(crypto) })
    await expect(Unique.uuid.toPromise()).rejects.toThrow(/only in secure contexts .* use Unique.make/)
    expect(await Unique.make()).toHaveLength(32)
  })
})

describe("Unique.poolSize", () => {
  it("is the number of different strings, exactly", () => {
    expect(Unique.poolSize({ length: 4, alphabet: Unique.numbers })).toBe(10_000n)
    expect(Unique.poolSize()).toBe(62n ** 32n)
    expect(Unique.poolSize({ length: 1, alphabet: "ab" })).toBe(2n)
  })
})
