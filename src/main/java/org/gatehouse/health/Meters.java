package org.gatehouse.health;

import io.prometheus.metrics.core.datapoints.CounterDataPoint;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.instrumentation.jvm.JvmBufferPoolMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmClassLoadingMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmRuntimeInfoMetric;
import io.prometheus.metrics.instrumentation.jvm.JvmThreadsMetrics;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How figures are kept and written out, whatever they are of: in a registry of this instance of the application, so that
 * nothing is left when it is gone.
 */
final class Meters {
    static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final PrometheusRegistry registry = new PrometheusRegistry();

    /** Begins with the figures of the Java that this runs in. */
    Meters() {
        // One by one: the allocations by pool, which come with all of them together, are told by a listener that the
        // garbage collectors would hold, and with it this application, after it was stopped.
        JvmBufferPoolMetrics.builder().register(registry);
        JvmClassLoadingMetrics.builder().register(registry);
        JvmGarbageCollectorMetrics.builder().register(registry);
        JvmMemoryMetrics.builder().register(registry);
        JvmRuntimeInfoMetric.builder().register(registry);
        JvmThreadsMetrics.builder().register(registry);
        ProcessMetrics.builder().register(registry);
    }

    Histogram histogram(String name, String help, double[] bounds, String... labels) {
        // Classic and without exemplars: the other kinds start a thread that outlives the application.
        return Histogram.builder()
                .name(name)
                .help(help)
                .classicOnly()
                .classicUpperBounds(bounds)
                .withoutExemplars()
                .labelNames(labels)
                .register(registry);
    }

    Counter counter(String name, String help, String... labels) {
        return Counter.builder()
                .name(name)
                .help(help)
                .withoutExemplars()
                .labelNames(labels)
                .register(registry);
    }

    void gauge(String name, String help, Supplier<OptionalDouble> value) {
        var unused = GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .callback(sample -> value.get().ifPresent(sample::call))
                .register(registry);
    }

    /** The same for several values, told apart by a label. */
    void gauges(String name, String help, String label, Consumer<GaugeWithCallback.Callback> values) {
        var unused = GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(label)
                .callback(values)
                .register(registry);
    }

    /** A counter for each constant, which is there before the first is counted, so that its rise is seen. */
    static <E extends Enum<E>> Map<E, CounterDataPoint> byConstant(
            Class<E> type, Function<String, CounterDataPoint> counter) {
        Map<E, CounterDataPoint> counts = new EnumMap<>(type);
        for (E constant : type.getEnumConstants()) {
            counts.put(constant, counter.apply(constant.name().toLowerCase(Locale.ROOT)));
        }
        return counts;
    }

    static <E extends Enum<E>> CounterDataPoint at(Map<E, CounterDataPoint> counts, E constant) {
        return Objects.requireNonNull(counts.get(constant));
    }

    /** All figures, in a text format. */
    record Exposition(String text, String contentType) {}

    /** @param accept the header of that name */
    Exposition expose(@Nullable String accept) {
        ExpositionFormatWriter openMetrics = OpenMetricsTextFormatWriter.create();
        ExpositionFormatWriter writer = openMetrics.accepts(accept) ? openMetrics : PrometheusTextFormatWriter.create();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try {
            writer.write(body, registry.scrape());
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return new Exposition(body.toString(StandardCharsets.UTF_8), writer.getContentType());
    }
}
