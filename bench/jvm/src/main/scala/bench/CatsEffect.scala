package bench

import cats.effect.IO
import cats.effect.implicits.*
import cats.effect.kernel.Outcome
import cats.effect.unsafe.IORuntime
import cats.syntax.all.*
import java.util.concurrent.TimeoutException
import java.util.function.LongConsumer
import scala.concurrent.duration.*

/**
 * Cats Effect as its own benchmarks set it up: the global runtime, untuned, with its work-stealing pool of as many compute
 * threads as the machine has processors (at least 2) and the timers of that pool; tracing is off (`run.mjs` passes
 * `-Dcats.effect.tracing.mode=none`). ManyTasks and ManySleeps start each fiber from outside with `unsafeRunAndForget`, as
 * Rapid's benchmarks do it for all libraries; everything else is one program, run once.
 *
 * A race and a time-out await the cancellation of the loser, as documented: that is the library's meaning of the word.
 */
final class CatsEffect extends Library:
  private given runtime: IORuntime = IORuntime.global

  def overhead(count: Int): Int =
    var program = IO.pure(0)
    var i = 0
    while i < count do
      program = program.flatMap(x => IO.pure(x + 1))
      i += 1
    program.unsafeRunSync()

  def manyTasks(count: Int, down: LongConsumer): Unit =
    var i = 0
    while i < count do
      IO.pure(i.toDouble).map(math.sqrt).map(math.round).map(down.accept).unsafeRunAndForget()
      i += 1

  def sleeper(ms: Long, woke: Runnable): Unit =
    IO.sleep(ms.millis).map(_ => woke.run()).unsafeRunAndForget()

  def forkJoin(count: Int): Long =
    sum(count)(i => IO.pure(i).start.flatMap(_.joinWithNever))

  def race(count: Int, neverFirst: Boolean): Long =
    sum(count): i =>
      if neverFirst then IO.race(IO.never[Int], IO.pure(i)).map(_.merge)
      else IO.race(IO.pure(i), IO.never[Int]).map(_.merge)

  def timeout(count: Int, calls: Calls): Long =
    sum(count)(i => (if calls == null then IO.pure(i) else called(calls, i)).timeout(1.second))

  def timesOut(): Boolean =
    IO.never[Int].timeout(1.milli).attempt.unsafeRunSync() match
      case Left(_: TimeoutException) => true
      case _                         => false

  def cancel(count: Int): Int =
    val program = for
      fibers <- IO.sleep(1.minute).start.replicateA(count)
      _ <- fibers.traverse_(_.cancel)
      outcomes <- fibers.traverse(_.join)
    yield outcomes.count:
      case Outcome.Canceled() => true
      case _                  => false
    program.unsafeRunSync()

  def all(count: Int, atOnce: Int, calls: Calls): Array[Int] =
    List.range(0, count).parTraverseN(atOnce)(called(calls, _)).unsafeRunSync().toArray

  def callback(count: Int, calls: Calls): Long = sum(count)(called(calls, _))

  def deepTail(depth: Int): Int =
    def loop(n: Int): IO[Int] = if n == 0 then IO.pure(n) else IO.pure(n - 1).flatMap(loop)
    loop(depth).unsafeRunSync()

  def deepNested(depth: Int): Int =
    def below(n: Int): IO[Int] = if n == 0 then IO.pure(0) else IO.defer(below(n - 1)).map(_ + 1)
    below(depth).unsafeRunSync()

  private def called(calls: Calls, item: Int): IO[Int] =
    IO.async_[Int](resume => calls.call(item, value => resume(Right(value))))

  /** One fiber does one after the other: a tail-recursive flatMap, which is how the library's benchmarks loop. */
  private def sum(count: Int)(one: Int => IO[Int]): Long =
    def loop(i: Int, total: Long): IO[Long] =
      if i == count then IO.pure(total) else one(i).flatMap(value => loop(i + 1, total + value))
    loop(0, 0).unsafeRunSync()
