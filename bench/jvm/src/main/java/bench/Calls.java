package bench;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAccumulator;
import java.util.function.IntConsumer;

/**
 * What calls back. {@code inline} does so before the registration returns, as the libraries' own benchmarks of async do;
 * {@code thread} hands over to one thread for all, the nearest the JVM has to a callback in a microtask, and dearer.
 */
public final class Calls {
  private static final ExecutorService CALLER =
      Executors.newSingleThreadExecutor(
          (work) -> {
            final Thread thread = new Thread(work, "caller");
            thread.setDaemon(true);
            return thread;
          });

  private final boolean inline;
  private final AtomicInteger made = new AtomicInteger();
  private final AtomicInteger underWay = new AtomicInteger();
  private final LongAccumulator most = new LongAccumulator(Math::max, 0);

  public Calls(String from) {
    inline =
        switch (from) {
          case "inline" -> true;
          case "thread" -> false;
          default -> throw new IllegalArgumentException("Expected calls from inline or thread, got " + from);
        };
  }

  public void call(int item, IntConsumer callback) {
    made.incrementAndGet();
    most.accumulate(underWay.incrementAndGet());
    if (inline) answer(item, callback);
    else CALLER.execute(() -> answer(item, callback));
  }

  private void answer(int item, IntConsumer callback) {
    underWay.decrementAndGet();
    callback.accept(item);
  }

  void verify(int count, int atOnce) {
    Expect.equal(made.get(), count, "the number of calls");
    Expect.that(most.get() <= atOnce, "at most " + atOnce + " calls at once, got " + most.get());
  }
}
