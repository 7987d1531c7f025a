package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import jakarta.servlet.ServletRequest;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.gatehouse.metrics.Metrics;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.slf4j.LoggerFactory;

@ResourceLock("org.gatehouse.access")
class AccessLineTest {
    private static final String METHOD = "BREW";

    private final Logger logger = (Logger) LoggerFactory.getLogger("org.gatehouse.access");
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private final AccessLog accessLog = new AccessLog(new Metrics(), new KnownPaths(List.of()));
    private final Map<Object, Object> attributes = new HashMap<>();

    /** A request that supports only attributes. */
    private final ServletRequest request = (ServletRequest) Proxy.newProxyInstance(
            AccessLineTest.class.getClassLoader(),
            new Class<?>[] {ServletRequest.class},
            (proxy, method, arguments) -> method.getName().equals("setAttribute")
                    ? attributes.put(arguments[0], arguments[1])
                    : attributes.get(arguments[0]));

    @BeforeEach
    void attachAppender() {
        logger.setLevel(Level.INFO);
        lines.start();
        logger.addAppender(lines);
    }

    @AfterEach
    void detachAppender() {
        logger.detachAppender(lines);
        logger.setLevel(null);
    }

    @Test
    void isWrittenOnceEvenIfTheRequestIsDispatchedAgain() {
        AccessLog.begin(request);
        AccessLog.end(request);
        assertThat(written()).isEmpty();

        accessLog.record(request, METHOD, "/path", 418);
        AccessLog.end(request);
        AccessLog.begin(request);
        AccessLog.end(request);

        assertThat(written()).singleElement().asString().matches("other unmatched 418 \\d+ ms");
    }

    @Test
    void marksAResponseThatWasBrokenOff() {
        AccessLog.begin(request);
        accessLog.record(request, METHOD, "/path", 200);
        attributes.put(StreamedResponse.class.getName(), true);
        AccessLog.end(request);

        assertThat(written()).singleElement().asString().matches("other unmatched 200 \\d+ ms, connection ended early");
        assertThat(events().findFirst().orElseThrow().getKeyValuePairs())
                .anyMatch(pair -> pair.key.equals("brokenOff") && pair.value.equals(true));
    }

    private List<String> written() {
        return events().map(ILoggingEvent::getFormattedMessage)
                .filter(line -> line.startsWith("other unmatched"))
                .toList();
    }

    /** Returns the log events of this test's thread, because nodes of other tests write events in other threads. */
    private Stream<ILoggingEvent> events() {
        String thread = Thread.currentThread().getName();
        synchronized (lines) { // the appender locks itself while it adds an event
            return List.copyOf(lines.list).stream()
                    .filter(event -> event.getThreadName().equals(thread));
        }
    }
}
