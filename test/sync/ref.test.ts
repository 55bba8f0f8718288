import { describe, expect, it } from "vitest"
import { Ref, Task } from "rapid-fiber"
import { turn } from "../watch.ts"

describe("a Ref", () => {
  it("is read at once, and by a task when that runs", async () => {
    const ref = Ref.make(1)
    const get = ref.get()
    await ref.set(2)
    expect([ref.value, await get]).toEqual([2, 2])
  })

  it("changes one after the other, also where the change takes a Task", async () => {
    const ref = Ref.make<string[]>([])
    const add = (word: string, ms: number) => ref.update((words) => Task.sleep(ms).as([...words, word]))
    const all = Task.all([add("slow", 5), add("quick", 1), ref.update((words) => [...words, "at once"])])
    expect(await all).toEqual([["slow"], ["slow", "quick"], ["slow", "quick", "at once"]])
    expect(ref.value).toEqual(["slow", "quick", "at once"])
  })

  it("is read without waiting for a change that is under way", async () => {
    const ref = Ref.make(0)
    const changing = ref.update(() => Task.never).run()
    const setting = ref.set(5).run()
    await turn()
    expect([ref.value, ref.get().runSync(), setting.poll()]).toEqual([0, 0, undefined])
    await changing.cancel()
    await setting
    expect(ref.value).toBe(5)
  })

  it("stays what it was where a change fails, throws or is cancelled", async () => {
    const ref = Ref.make(1)
    expect(await ref.update(() => Task.fail("no")).attempt()).toEqual({ status: "rejected", reason: "no" })
    await expect(
      ref
        .update(() => {
          throw new RangeError("thrown")
        })
        .toPromise(),
    ).rejects.toThrow("thrown")
    const cancelled = ref.update(() => Task.sleep(1000).as(2)).run()
    await turn()
    await cancelled.cancel()
    expect([ref.value, await ref.update((n) => n + 1)]).toEqual([1, 2])
  })

  it("gives an answer beside the next value", async () => {
    const ref = Ref.make(5)
    const take = ref.modify((n) => [`took ${n}`, n - 1] as const)
    const slowly = ref.modify((n) => Task.sleep(1).as([n, n * 2] as const))
    expect([await take, await slowly, ref.value]).toEqual(["took 5", 4, 8])
  })

  it("refuses promises, and what is no pair", async () => {
    const ref = Ref.make(0)
    await expect(ref.update((() => Promise.resolve(1)) as never).toPromise()).rejects.toThrow("Wrap it: Task.promise")
    await expect(ref.modify((() => 1) as never).toPromise()).rejects.toThrow(
      "Expected the function of ref.modify to return [answer, next], got 1.",
    )
    expect(() => ref.update(3 as never)).toThrow("Expected ref.update to get a function, got 3.")
    expect(ref.value).toBe(0)
  })
})
