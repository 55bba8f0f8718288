package bench

import java.util.concurrent.TimeoutException
import java.util.function.LongConsumer
import zio.{Chunk, Duration, Fiber, Runtime, Task, UIO, Unsafe, ZIO, durationInt}

/**
 * ZIO as its own benchmarks set it up: `Runtime.default`, made once, with its scheduler of as many threads as the machine
 * has processors, its default flags and its own timer thread. ManyTasks and ManySleeps start each fiber from outside with
 * `unsafe.fork`, as Rapid's benchmarks do it for all libraries; everything else is one program, run once.
 *
 * `raceFirst` is the race of the first to settle, as Rapid has it; `race` would be of the first to succeed.
 */
final class ZioLibrary extends Library:
  private val runtime = Runtime.default

  def overhead(count: Int): Int =
    var program: UIO[Int] = ZIO.succeed(0)
    var i = 0
    while i < count do
      program = program.flatMap(x => ZIO.succeed(x + 1))
      i += 1
    run(program)

  def manyTasks(count: Int, down: LongConsumer): Unit =
    var i = 0
    while i < count do
      val n = i.toDouble
      fork(ZIO.succeed(n).map(math.sqrt).map(math.round).map(down.accept))
      i += 1

  def sleeper(ms: Long, woke: Runnable): Unit =
    fork(ZIO.sleep(Duration.fromMillis(ms)).map(_ => woke.run()))

  def forkJoin(count: Int): Long = sum(count)(i => ZIO.succeed(i).fork.flatMap(_.join))

  def race(count: Int, neverFirst: Boolean): Long =
    sum(count): i =>
      if neverFirst then ZIO.never.raceFirst(ZIO.succeed(i)) else ZIO.succeed(i).raceFirst(ZIO.never)

  def timeout(count: Int, calls: Calls): Long =
    sum(count): i =>
      (if calls == null then ZIO.succeed(i) else called(calls, i)).timeoutFail(new TimeoutException)(1.second)

  def timesOut(): Boolean =
    run(ZIO.never.timeoutFail(new TimeoutException)(1.milli).either).isLeft

  def cancel(count: Int): Int =
    run:
      for
        fibers <- ZIO.foreach(Chunk.range(0, count))(_ => ZIO.sleep(1.minute).fork)
        _ <- Fiber.interruptAll(fibers)
        exits <- ZIO.foreach(fibers)(_.await)
      yield exits.count(_.isInterrupted)

  def all(count: Int, atOnce: Int, calls: Calls): Array[Int] =
    run(ZIO.foreachPar(Chunk.range(0, count))(called(calls, _)).withParallelism(atOnce)).toArray

  def callback(count: Int, calls: Calls): Long = sum(count)(called(calls, _))

  def deepTail(depth: Int): Int =
    def loop(n: Int): UIO[Int] = if n == 0 then ZIO.succeed(n) else ZIO.succeed(n - 1).flatMap(loop)
    run(loop(depth))

  def deepNested(depth: Int): Int =
    def below(n: Int): UIO[Int] = if n == 0 then ZIO.succeed(0) else ZIO.suspendSucceed(below(n - 1)).map(_ + 1)
    run(below(depth))

  private def called(calls: Calls, item: Int): UIO[Int] =
    ZIO.async(resume => calls.call(item, value => resume(ZIO.succeed(value))))

  /** One fiber does one after the other: a tail-recursive flatMap, which is how the library's benchmarks loop. */
  private def sum(count: Int)(one: Int => Task[Int]): Long =
    def loop(i: Int, total: Long): Task[Long] =
      if i == count then ZIO.succeed(total) else one(i).flatMap(value => loop(i + 1, total + value))
    run(loop(0, 0))

  private def run[A](program: Task[A]): A =
    Unsafe.unsafe(unsafe ?=> runtime.unsafe.run(program).getOrThrowFiberFailure())

  private def fork(program: UIO[Any]): Unit =
    Unsafe.unsafe(unsafe ?=> runtime.unsafe.fork(program))
