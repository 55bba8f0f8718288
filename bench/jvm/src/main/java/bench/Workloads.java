package bench;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/**
 * The cases of the benchmark for Node, with its sizes, each result verified. A class per library inherits them all. What a
 * library cannot do throws, hangs or exhausts the heap, and stands in the report as that.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(2)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 3, time = 5)
public abstract class Workloads {
  private static final int MILLION = 1_000_000;
  private static final int FORKS = 200_000;
  private static final int RACES = 100_000;
  private static final int ITEMS = 100_000;
  private static final int AT_ONCE = 32;
  private static final int CALLBACKS = 500_000;
  private static final int TAIL_DEPTH = 10_000_000;

  private final Library library;
  private final long roots;

  protected Workloads(Library library) {
    this.library = library;
    long sum = 0;
    for (int i = 0; i < MILLION; i++) sum += Math.round(Math.sqrt(i));
    roots = sum;
  }

  @State(Scope.Benchmark)
  public static class Sleep {
    @Param({"1000000", "10000000"})
    public int count;

    /** Whole seconds 0–9, or any millisecond 0–10 000. */
    @Param({"seconds", "uniform"})
    public String distribution;
  }

  @State(Scope.Benchmark)
  public static class Racers {
    @Param({"value", "never"})
    public String first;
  }

  @State(Scope.Benchmark)
  public static class Limited {
    @Param({"value", "callback"})
    public String around;
  }

  @State(Scope.Benchmark)
  public static class Caller {
    @Param({"inline", "thread"})
    public String from;
  }

  @Setup
  public void expectTimeouts(BenchmarkParams benchmark) {
    if (benchmark.getBenchmark().endsWith(".timeout"))
      Expect.that(library.timesOut(), "a time-out around what never ends to come");
  }

  @Benchmark
  public void overhead() {
    Expect.equal(library.overhead(MILLION), MILLION, "the sum");
  }

  @Benchmark
  public void manyTasks() throws InterruptedException {
    final CountDownLatch latch = new CountDownLatch(MILLION);
    final LongAdder sum = new LongAdder();
    library.manyTasks(
        MILLION,
        (root) -> {
          sum.add(root);
          latch.countDown();
        });
    latch.await();
    Expect.equal(sum.sum(), roots, "the sum of the roots");
  }

  @Benchmark
  public void manySleeps(Sleep sleep) throws InterruptedException {
    new Sleepers(sleep.count, sleep.distribution).run(library);
  }

  @Benchmark
  public void forkJoin() {
    Expect.equal(library.forkJoin(FORKS), sumBelow(FORKS), "the sum");
  }

  @Benchmark
  public void race(Racers racers) {
    Expect.equal(library.race(RACES, racers.first.equals("never")), sumBelow(RACES), "the sum");
  }

  @Benchmark
  public void timeout(Limited limited) {
    final Calls calls = limited.around.equals("callback") ? new Calls("thread") : null;
    Expect.equal(library.timeout(RACES, calls), sumBelow(RACES), "the sum");
    if (calls != null) calls.verify(RACES, 1);
  }

  @Benchmark
  public void cancel() {
    Expect.equal(library.cancel(MILLION), MILLION, "the number of cancelled fibers");
  }

  @Benchmark
  public void all(Caller caller) {
    final Calls calls = new Calls(caller.from);
    final int[] values = library.all(ITEMS, AT_ONCE, calls);
    calls.verify(ITEMS, AT_ONCE);
    Expect.equal(values.length, ITEMS, "the number of values");
    for (int i = 0; i < ITEMS; i++) Expect.that(values[i] == i, "the values in order, got another at " + i);
  }

  @Benchmark
  public void callback(Caller caller) {
    final Calls calls = new Calls(caller.from);
    Expect.equal(library.callback(CALLBACKS, calls), sumBelow(CALLBACKS), "the sum");
    calls.verify(CALLBACKS, 1);
  }

  @Benchmark
  public void deepTail() {
    Expect.equal(library.deepTail(TAIL_DEPTH), 0, "what is left");
  }

  @Benchmark
  public void deepNested() {
    Expect.equal(library.deepNested(MILLION), MILLION, "the depth");
  }

  private static long sumBelow(long count) {
    return count * (count - 1) / 2;
  }
}
