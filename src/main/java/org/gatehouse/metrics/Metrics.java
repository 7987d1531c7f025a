package org.gatehouse.metrics;

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
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Creates and exposes the metrics of one application. The registry is not static, because several applications can run
 * in one Java process.
 *
 * <p>Each label has a bounded set of values: the routes of the resources, the constants of an enum, or a list of words.
 * Therefore clients cannot increase the number of series without limit. A label value never comes from a user, a token,
 * an address or a setting.
 */
public final class Metrics {
    private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final Map<String, Counter> counters = new ConcurrentHashMap<>();

    /** Registers the metrics of the Java process. */
    public Metrics() {
        // The complete set of JVM metrics is not registered, because its allocation metrics add a listener to the
        // garbage collectors. Because of this listener, the JVM would keep the application in memory after the stop.
        JvmBufferPoolMetrics.builder().register(registry);
        JvmClassLoadingMetrics.builder().register(registry);
        JvmGarbageCollectorMetrics.builder().register(registry);
        JvmMemoryMetrics.builder().register(registry);
        JvmRuntimeInfoMetric.builder().register(registry);
        JvmThreadsMetrics.builder().register(registry);
        ProcessMetrics.builder().register(registry);
    }

    public Histogram histogram(String name, String help, double[] bounds, String... labels) {
        // The histogram is classic and without exemplars, because other histograms start a thread that outlives the
        // application.
        return Histogram.builder()
                .name(name)
                .help(help)
                .classicOnly()
                .classicUpperBounds(bounds)
                .withoutExemplars()
                .labelNames(labels)
                .register(registry);
    }

    /** Returns the counter of this name. Several objects may share one counter. */
    public Counter counter(String name, String help, String... labels) {
        return counters.computeIfAbsent(
                name,
                unknown -> Counter.builder()
                        .name(name)
                        .help(help)
                        .withoutExemplars()
                        .labelNames(labels)
                        .register(registry));
    }

    /** Registers a gauge whose value is read at each scrape. */
    public void bindGauge(String name, String help, DoubleSupplier value) {
        bindGauges(name, help, sample -> sample.call(value.getAsDouble()));
    }

    /** Registers a gauge with labels. At each scrape, {@code values} supplies the series that exist at that time. */
    public void bindGauges(String name, String help, Consumer<GaugeWithCallback.Callback> values, String... labels) {
        var unused = GaugeWithCallback.builder()
                .name(name)
                .help(help)
                .labelNames(labels)
                .callback(values)
                .register(registry);
    }

    /**
     * Returns a function that counts by enum constant. All series exist from the start, so that the first event appears
     * as an increase from zero.
     *
     * @param series returns the series of a label value
     */
    public static <E extends Enum<E>> Consumer<E> byConstant(Class<E> type, Function<String, CounterDataPoint> series) {
        Map<E, CounterDataPoint> counts = new EnumMap<>(type);
        for (E constant : type.getEnumConstants()) {
            counts.put(constant, series.apply(label(constant)));
        }
        return constant -> Objects.requireNonNull(counts.get(constant)).inc();
    }

    /** Returns the label value of a constant. */
    public static String label(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }

    public static double seconds(long nanos) {
        return nanos / NANOS_PER_SECOND;
    }

    /** All metrics in a text format. */
    public record Exposition(String text, String contentType) {}

    /**
     * Returns all metrics as text.
     *
     * @param accept the {@code Accept} header, which selects OpenMetrics or the format of Prometheus
     */
    public Exposition expose(@Nullable String accept) {
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
