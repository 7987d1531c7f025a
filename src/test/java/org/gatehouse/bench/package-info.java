/**
 * The benchmark of {@code mvn -Pbench verify}: the packaged WAR beside what nobody can be faster than, on the same machine
 * in the same minutes.
 *
 * <p>Nothing here fails because something was slow; a wrong answer does. Start at {@link org.gatehouse.bench.Benchmark}.
 */
@NullMarked
package org.gatehouse.bench;

import org.jspecify.annotations.NullMarked;
