package org.gatehouse.testing;

import java.util.Comparator;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;

/**
 * Starts the classes that {@link TakesLong} marks before other classes. The order of the other classes does not change.
 * {@code junit-platform.properties} names this class.
 */
final class LongClassesFirst implements ClassOrderer {
    @Override
    public void orderClasses(ClassOrdererContext context) {
        context.getClassDescriptors().sort(Comparator.comparing(type -> !type.isAnnotated(TakesLong.class)));
    }
}
