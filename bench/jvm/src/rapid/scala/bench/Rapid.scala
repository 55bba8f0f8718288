package bench

import java.util.concurrent.TimeoutException
import java.util.function.LongConsumer
import rapid.Task
import rapid.trace.Trace
import scala.concurrent.duration.*
import scala.util.Failure

/**
 * Rapid for Scala as its own benchmarks set it up: tracing off, and both kinds of fiber, virtual threads (its default, on
 * as many carriers as the machine has processors) and the fixed pool (twice as many threads, at least 8). Everything is run
 * with `sync()`, which interprets on the thread that calls, whichever the kind; fibers that are started are of the kind
 * asked for. ManySleeps and ManyTasks start with `startUnit()`, the fastest way it has, as its ManySleeps does.
 *
 * Where cancellation does not reach a fiber (a sleeper of the fixed pool), the number of the cancelled is wrong, and that
 * is the result.
 */
final class Rapid(virtual: Boolean) extends Library:
  Trace.Enabled = false
  Task.Virtual = virtual

  def overhead(count: Int): Int =
    var program: Task[Int] = Task.pure(0)
    var i = 0
    while i < count do
      program = program.flatMap(x => Task.pure(x + 1))
      i += 1
    program.sync()

  def manyTasks(count: Int, down: LongConsumer): Unit =
    var i = 0
    while i < count do
      Task.pure(i.toDouble).map(math.sqrt).map(math.round).map(down.accept).startUnit()
      i += 1

  def sleeper(ms: Long, woke: Runnable): Unit =
    Task.sleep(ms.millis).map(_ => woke.run()).startUnit()

  def forkJoin(count: Int): Long = sum(count)(i => Task.pure(i).start.flatMap(_.join))

  def race(count: Int, neverFirst: Boolean): Long =
    sum(count): i =>
      if neverFirst then Task.race(never, Task.pure(i)).map(_.merge) else Task.race(Task.pure(i), never).map(_.merge)

  def timeout(count: Int, calls: Calls): Long =
    sum(count)(i => (if calls == null then Task.pure(i) else called(calls, i)).timeout(1.second))

  def timesOut(): Boolean =
    never.timeout(1.milli).attempt.sync() match
      case Failure(_: TimeoutException) => true
      case _                            => false

  def cancel(count: Int): Int =
    val fibers = Array.fill(count)(Task.sleep(1.minute).start.sync())
    // Who waited for a fiber that no cancellation reached would wait for a minute.
    val reached = fibers.filter(_.cancel.sync())
    reached.count(_.join.attempt.sync().isFailure)

  def all(count: Int, atOnce: Int, calls: Calls): Array[Int] =
    Task.parSequenceBounded(List.range(0, count).map(called(calls, _)), atOnce).sync().toArray

  def callback(count: Int, calls: Calls): Long = sum(count)(called(calls, _))

  def deepTail(depth: Int): Int =
    def loop(n: Int): Task[Int] = if n == 0 then Task.pure(n) else Task.pure(n - 1).flatMap(loop)
    loop(depth).sync()

  def deepNested(depth: Int): Int =
    def below(n: Int): Task[Int] = if n == 0 then Task.pure(0) else Task.defer(below(n - 1)).map(_ + 1)
    below(depth).sync()

  /** It has no value for this: a completable that nobody completes. */
  private def never: Task[Int] = Task.completable[Int]

  private def called(calls: Calls, item: Int): Task[Int] =
    Task.defer:
      val answer = Task.completable[Int]
      calls.call(item, value => answer.success(value))
      answer

  private def sum(count: Int)(one: Int => Task[Int]): Long =
    def loop(i: Int, total: Long): Task[Long] =
      if i == count then Task.pure(total) else one(i).flatMap(value => loop(i + 1, total + value))
    loop(0, 0).sync()
