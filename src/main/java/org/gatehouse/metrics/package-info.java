/**
 * Counters, gauges and histograms of one application, and their text for Prometheus.
 *
 * <p>Depends on no other package, so every package can count its own events. Start at
 * {@link org.gatehouse.metrics.Metrics}.
 */
@NullMarked
package org.gatehouse.metrics;

import org.jspecify.annotations.NullMarked;
