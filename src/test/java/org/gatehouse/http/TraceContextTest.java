package org.gatehouse.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TraceContextTest {
    private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String PARENT = "00f067aa0ba902b7";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00-" + TRACE + "-" + PARENT + "-01",
                "00-" + TRACE + "-" + PARENT + "-00",
                "00-" + TRACE + "-" + PARENT + "-ff",
                "01-" + TRACE + "-" + PARENT + "-01",
                "cc-" + TRACE + "-" + PARENT + "-01-what-the-future-will-be-like",
                "fe-" + TRACE + "-" + PARENT + "-01-"
            })
    void isReadFromAValidHeader(String header) {
        assertThat(TraceContext.of(List.of(header))).contains(new TraceContext(TRACE, PARENT));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                TRACE,
                "00-" + TRACE + "-" + PARENT,
                "00-" + TRACE + "-" + PARENT + "-",
                "00-" + TRACE + "-" + PARENT + "-1",
                "00-" + TRACE + "-" + PARENT + "-011",
                "00-" + TRACE + "-" + PARENT + "-01-more",
                "00-" + TRACE + "-" + PARENT + "-01-",
                "00-" + TRACE + "-" + PARENT + "-0g",
                "cc-" + TRACE + "-" + PARENT + "-01.more",
                "ff-" + TRACE + "-" + PARENT + "-01",
                "0-" + TRACE + "-" + PARENT + "-01",
                "FE-" + TRACE + "-" + PARENT + "-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + PARENT + "-01",
                "00-" + TRACE + "-00F067AA0BA902B7-01",
                "00-00000000000000000000000000000000-" + PARENT + "-01",
                "00-" + TRACE + "-0000000000000000-01",
                "00-" + TRACE + "0-" + PARENT + "-01",
                "00-4bf92f3577b34da6a3ce929d0e0e473-" + PARENT + "-01",
                "00_" + TRACE + "_" + PARENT + "_01",
                " 00-" + TRACE + "-" + PARENT + "-01",
                "00-" + TRACE + "-" + PARENT + "-01,00-" + TRACE + "-" + PARENT + "-01",
                "00-" + TRACE + "-" + PARENT + "-01\n"
            })
    void isIgnoredIfTheHeaderIsInvalid(String header) {
        assertThat(TraceContext.of(List.of(header))).isEmpty();
    }

    @Test
    void isIgnoredUnlessThereIsExactlyOneHeader() {
        String header = "00-" + TRACE + "-" + PARENT + "-01";

        assertThat(TraceContext.of(List.of())).isEmpty();
        assertThat(TraceContext.of(List.of(header, header))).isEmpty();
    }
}
