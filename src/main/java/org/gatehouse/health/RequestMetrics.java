package org.gatehouse.health;

import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.gatehouse.http.RequestObserver;

/** Times requests by method, route and status. */
final class RequestMetrics implements RequestObserver {
    private final Histogram histogram;
    private final Map<Series, DistributionDataPoint> series = new ConcurrentHashMap<>();

    private record Series(String method, String route, int status) {}

    RequestMetrics(Histogram histogram) {
        this.histogram = histogram;
    }

    @Override
    public void answered(String method, String route, int status, long nanos) {
        Series key = new Series(method, route, status);
        DistributionDataPoint known = series.get(key);
        if (known == null) {
            known = series.computeIfAbsent(key, this::begin);
        }
        known.observe(nanos / Meters.NANOS_PER_SECOND);
    }

    private DistributionDataPoint begin(Series key) {
        return histogram.labelValues(key.method(), key.route(), Integer.toString(key.status()));
    }
}
