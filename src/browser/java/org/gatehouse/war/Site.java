package org.gatehouse.war;

import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.gatehouse.dev.EmbeddedRedis;
import org.gatehouse.mail.MailServer;
import org.gatehouse.store.Stores;

/** The packaged WAR in a container, perhaps behind nginx, with a mail server. A browser opens {@link #address()}. */
public final class Site implements AutoCloseable {
    /** Where the service is. */
    public enum Place {
        /** Tomcat serves the root of {@code http://localhost}. */
        ROOT(Distribution.TOMCAT_11, "", null),

        /** Jetty serves {@code /accounts} of {@code http://localhost}. */
        SUB_PATH(Distribution.JETTY_12, "/accounts", null),

        /** nginx serves {@code https://localhost/accounts} and keeps the path. TLS ends at nginx. */
        PATH_KEPT(Distribution.JETTY_12, "/accounts", ReverseProxy.Shape.SUB_PATH),

        /** nginx serves {@code https://localhost/accounts} and removes the path. TLS ends at nginx. */
        PATH_REMOVED(Distribution.TOMCAT_11, "", ReverseProxy.Shape.PATH_REMOVED);

        private final Distribution distribution;
        private final String contextPath;
        private final ReverseProxy.Shape proxy;

        Place(Distribution distribution, String contextPath, ReverseProxy.Shape proxy) {
            this.distribution = distribution;
            this.contextPath = contextPath;
            this.proxy = proxy;
        }

        private String address(int port) {
            return proxy == null ? "http://localhost:" + port + contextPath : "https://localhost:" + port + proxy.path;
        }
    }

    private final Stores stores = new Stores();
    private final MailServer mails = MailServer.start();
    private final String address;
    private final ServiceClient api;
    private final AppServer server;
    private final ReverseProxy proxy;

    private Site(Place place, Map<String, String> more) throws IOException {
        int port = EmbeddedRedis.freePort();
        int publicPort = place.proxy == null ? port : EmbeddedRedis.freePort();
        address = place.address(publicPort);
        api = new Direct("http://localhost:" + port + place.contextPath);
        server = AppServer.start(place.distribution, List.of(new Deployment(place.contextPath, settings(more))), port);
        proxy = place.proxy == null ? null : ReverseProxy.withTls(place.proxy, publicPort, port);
        server.awaitReady(place.contextPath);
        if (proxy != null) {
            proxy.awaitReady();
        }
    }

    /**
     * Starts a site and waits until it is ready.
     *
     * @param settings are used in addition to those of the stores and of the mail server
     */
    public static Site start(Place place, Map<String, String> settings) throws IOException {
        return new Site(place, settings);
    }

    private Map<String, String> settings(Map<String, String> more) {
        Map<String, String> settings = new HashMap<>(mails.settings());
        settings.remove("MAIL_LINKS"); // so the links lead to the pages of the service
        settings.put("PUBLIC_URL", address);
        settings.put("TRUSTED_PROXIES", "127.0.0.1");
        settings.putAll(more);
        return ServiceClient.settings(stores, settings);
    }

    /** Returns the public address, without a slash at the end. */
    public String address() {
        return address;
    }

    /** Returns a client that calls the server directly, not through a proxy. */
    public ServiceClient api() {
        return api;
    }

    public MailServer mails() {
        return mails;
    }

    public Stores stores() {
        return stores;
    }

    @Override
    public void close() {
        if (proxy != null) {
            proxy.close();
        }
        server.close();
        mails.close();
        stores.close();
    }

    /** Calls a server that another object closes. */
    private static final class Direct extends ServiceClient {
        private final String baseUri;

        Direct(String baseUri) {
            this.baseUri = baseUri;
        }

        @Override
        protected String baseUri() {
            return baseUri;
        }

        @Override
        public void close() {}
    }
}
