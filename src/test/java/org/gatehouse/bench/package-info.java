/**
 * Contains the benchmark of {@code mvn -Pbench verify}. The benchmark compares the packaged WAR with minimal programs
 * on the same machine at the same time. Slow results do not fail the benchmark, but a wrong response does.
 *
 * <p>This package may depend on every other package. Start with {@link org.gatehouse.bench.Benchmark}.
 */
@NullMarked
package org.gatehouse.bench;

import org.jspecify.annotations.NullMarked;
