package org.gatehouse.dev;

import org.gatehouse.config.SettingSources;

/**
 * The address on which {@code mvn jetty:run} listens. Jetty's system properties take precedence over {@code APP_HOST}
 * and {@code APP_PORT}.
 *
 * <p>{@code src/test/jetty/jetty.xml} uses this class before the web application exists. At this time, the class path
 * contains only Jetty and the classes of this project.
 */
public record ListenAddress(String host, int port) {
    private static final int MAX_PORT = 65_535;

    /**
     * Reads the address from the settings.
     *
     * @throws IllegalArgumentException if the port is invalid; the message names the setting
     */
    public static ListenAddress read() {
        return of(SettingSources.beforeDeployment());
    }

    static ListenAddress of(SettingSources sources) {
        return new ListenAddress(
                System.getProperty("jetty.http.host", sources.find("APP_HOST").orElse("localhost")),
                port(System.getProperty(
                        "jetty.http.port", sources.find("APP_PORT").orElse("8080"))));
    }

    /**
     * Returns the base address of the service, without a final slash. If Jetty listens on all addresses, the result
     * names {@code localhost}.
     */
    String uri() {
        if (host.equals("0.0.0.0") || host.equals("::") || host.equals("[::]")) {
            return "http://localhost:" + port;
        }
        boolean isBareIpv6 = host.contains(":") && !host.startsWith("[");
        return "http://" + (isBareIpv6 ? "[" + host + "]" : host) + ":" + port;
    }

    private static int port(String text) {
        int port = text.matches("[0-9]{1,5}") ? Integer.parseInt(text) : 0;
        if (port < 1 || port > MAX_PORT) {
            throw new IllegalArgumentException("APP_PORT must be a whole number from 1 to " + MAX_PORT);
        }
        return port;
    }
}
