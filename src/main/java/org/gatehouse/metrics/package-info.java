/**
 * Contains the counters, gauges and histograms of one application, and their text format for Prometheus.
 *
 * <p>This package must not depend on other packages, so that every package can count its own events. Start reading at
 * {@link org.gatehouse.metrics.Metrics}.
 */
@NullMarked
package org.gatehouse.metrics;

import org.jspecify.annotations.NullMarked;
