package bench;

import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The sleepers of one run: how long each sleeps, and what it calls. One of a thousand reads the clock before its sleep is
 * started and when it wakes; all others call one and the same function.
 */
final class Sleepers {
  private static final int SAMPLE = 1000;

  private final int count;
  private final boolean seconds;
  private final CountDownLatch latch;
  private final Runnable woke;
  private final double[] late;
  private final AtomicInteger measured = new AtomicInteger();
  /** The same numbers at each run, and for each library (mulberry32). */
  private int seed = 20;

  Sleepers(int count, String distribution) {
    this.count = count;
    seconds = distribution.equals("seconds");
    latch = new CountDownLatch(count);
    woke = latch::countDown;
    late = new double[(count + SAMPLE - 1) / SAMPLE];
  }

  void run(Library library) throws InterruptedException {
    for (int i = 0; i < count; i++) {
      final long ms = seconds ? (long) (next() * 10) * 1000 : (long) (next() * 10_001);
      library.sleeper(ms, i % SAMPLE == 0 ? sample(ms) : woke);
    }
    latch.await();
    report();
  }

  private Runnable sample(long ms) {
    final long asleep = System.nanoTime();
    return () -> {
      late[measured.getAndIncrement()] = (System.nanoTime() - asleep) / 1e6 - ms;
      woke.run();
    };
  }

  private void report() {
    Expect.equal(measured.get(), late.length, "the number of samples");
    Arrays.sort(late);
    Readings.put("early", Arrays.stream(late).filter((ms) -> ms < 0).count(), "count");
    Readings.put("late.p50", late[(late.length - 1) / 2], "ms");
    Readings.put("late.p99", late[(int) ((late.length - 1) * 0.99)], "ms");
    Readings.put("late.max", late[late.length - 1], "ms");
  }

  private double next() {
    seed += 0x6d2b79f5;
    int mixed = (seed ^ (seed >>> 15)) * (1 | seed);
    mixed = (mixed + (mixed ^ (mixed >>> 7)) * (61 | mixed)) ^ mixed;
    return Integer.toUnsignedLong(mixed ^ (mixed >>> 14)) / 4294967296.0;
  }
}
