/**
 * Contains the benchmark of {@code mvn -Pbench verify}. It compares the packaged WAR with minimal programs on the same
 * machine at the same time, and fails only because of a wrong response.
 *
 * <p>It may depend on every other package. Start with {@link org.gatehouse.bench.Benchmark}.
 */
@NullMarked
package org.gatehouse.bench;

import org.jspecify.annotations.NullMarked;
