package bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Secondary metrics of each measured JVM: {@code rss}, the peak of its resident memory (VmHWM, Linux only); {@code cpu},
 * what an operation takes of all threads, those of the collector and the optimizer too; and what a workload puts.
 */
public final class Readings implements InternalProfiler {
  private record Reading(double value, String unit) {}

  private static final Map<String, Reading> PUT = new ConcurrentHashMap<>();
  private long before;

  static void put(String name, double value, String unit) {
    PUT.put(name, new Reading(value, unit));
  }

  @Override
  public void beforeIteration(BenchmarkParams benchmark, IterationParams iteration) {
    PUT.clear();
    before = cpuTime();
  }

  @Override
  public Collection<? extends Result> afterIteration(
      BenchmarkParams benchmark, IterationParams iteration, IterationResult result) {
    final long operations = Math.max(1, result.getMetadata().getAllOps());
    final List<Result> results = new ArrayList<>();
    results.add(
        new ScalarResult("cpu", (cpuTime() - before) / 1e6 / operations, "ms/op", AggregationPolicy.AVG));
    final double peak = peakMebibytes();
    if (peak > 0) results.add(new ScalarResult("rss", peak, "MiB", AggregationPolicy.MAX));
    PUT.forEach(
        (name, put) -> results.add(new ScalarResult(name, put.value, put.unit, AggregationPolicy.MAX)));
    return results;
  }

  private static long cpuTime() {
    return ManagementFactory.getPlatformMXBean(com.sun.management.OperatingSystemMXBean.class).getProcessCpuTime();
  }

  private static double peakMebibytes() {
    try {
      for (final String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("VmHWM:")) return Double.parseDouble(line.replaceAll("\\D", "")) / 1024;
      }
    } catch (IOException elsewhere) {
      // Only Linux tells.
    }
    return 0;
  }

  @Override
  public String getDescription() {
    return "Peak RSS, CPU time, and what the workload has read";
  }
}
