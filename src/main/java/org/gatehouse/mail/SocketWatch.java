package org.gatehouse.mail;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import javax.net.SocketFactory;
import javax.net.ssl.SSLSocketFactory;

/** Holds the sockets of one connection, so that another thread can close them while the connection is used. */
final class SocketWatch {
    private final List<Socket> sockets = new ArrayList<>(); // guarded by this
    private boolean closed; // guarded by this

    /** Closes the sockets, also those that are created later. Reads and writes then fail. */
    synchronized void close() {
        closed = true;
        sockets.forEach(SocketWatch::close);
    }

    synchronized boolean isClosed() {
        return closed;
    }

    private synchronized Socket watched(Socket socket) {
        sockets.add(socket);
        if (closed) {
            close(socket);
        }
        return socket;
    }

    private static void close(Socket socket) {
        try {
            socket.close();
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Returns a factory of sockets without TLS. */
    SocketFactory plainSockets() {
        return new PlainSockets();
    }

    /** Returns a factory that adds TLS to connected sockets. Their sockets below TLS are closed, which never waits. */
    SSLSocketFactory tlsSockets(SSLSocketFactory tls) {
        return new TlsSockets(tls);
    }

    private final class PlainSockets extends SocketFactory {
        @Override
        public Socket createSocket() {
            return watched(new Socket());
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
            throw new UnsupportedOperationException();
        }
    }

    private final class TlsSockets extends SSLSocketFactory {
        private final SSLSocketFactory tls;

        TlsSockets(SSLSocketFactory tls) {
            this.tls = tls;
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return tls.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return tls.getSupportedCipherSuites();
        }

        @Override
        public Socket createSocket(Socket connected, String host, int port, boolean autoClose) throws IOException {
            return tls.createSocket(watched(connected), host, port, autoClose);
        }

        @Override
        public Socket createSocket(String host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress localHost, int localPort) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) {
            throw new UnsupportedOperationException();
        }
    }
}
