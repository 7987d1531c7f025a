package org.gatehouse.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.encoder.EncoderBase;

/** An encoder that writes lines only: nothing before the first event and after the last one. */
abstract class LineEncoder extends EncoderBase<ILoggingEvent> {
    private static final byte[] EMPTY = {};

    @Override
    public final byte[] headerBytes() {
        return EMPTY;
    }

    @Override
    public final byte[] footerBytes() {
        return EMPTY;
    }
}
