package org.gatehouse.cache;

import io.lettuce.core.TrackingArgs;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.push.PushMessage;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.StringCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/** A connection with {@code CLIENT TRACKING ON}. Redis informs this connection about changes of the keys it has read. */
final class TrackingConnection {
    private final RedisCommands<String, byte[]> commands;
    private final BlockingQueue<List<Object>> pushes = new LinkedBlockingQueue<>();

    TrackingConnection(StatefulRedisConnection<String, byte[]> connection) {
        this.commands = connection.sync();
        connection.addListener(this::receive);
        commands.clientTracking(TrackingArgs.Builder.enabled());
    }

    RedisCommands<String, byte[]> commands() {
        return commands;
    }

    /**
     * Returns what Redis has pushed since the last call. The reply to PING arrives after each push that Redis sent
     * earlier.
     */
    List<List<Object>> pushes() {
        commands.ping();
        List<List<Object>> drained = new ArrayList<>();
        pushes.drainTo(drained);
        return drained;
    }

    private void receive(PushMessage message) {
        pushes.add(message.getContent(StringCodec.UTF8::decodeKey));
    }
}
