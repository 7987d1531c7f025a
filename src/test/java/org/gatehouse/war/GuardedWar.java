package org.gatehouse.war;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/** Packs a web application that uses {@code gatehouse-guard.jar}, and optionally Jersey. */
final class GuardedWar {
    /** Jersey and its dependencies, in Gatehouse's own WAR. */
    private static final Pattern JERSEY =
            Pattern.compile("WEB-INF/lib/(jersey|hk2|jakarta|aopalliance|javassist|osgi|asm).*\\.jar");

    private static final String REST_SERVLET = """
              <servlet>
                <servlet-name>rest</servlet-name>
                <servlet-class>org.glassfish.jersey.servlet.ServletContainer</servlet-class>
                <init-param>
                  <param-name>jersey.config.server.provider.classnames</param-name>
                  <param-value>org.gatehouse.war.GuardedResource,
                    org.glassfish.jersey.server.filter.RolesAllowedDynamicFeature</param-value>
                </init-param>
                <async-supported>true</async-supported>
              </servlet>
              <servlet-mapping>
                <servlet-name>rest</servlet-name>
                <url-pattern>/rest/*</url-pattern>
              </servlet-mapping>
            """;

    private static final String DESCRIPTOR = """
            <web-app xmlns="https://jakarta.ee/xml/ns/jakartaee" version="6.0" metadata-complete="true">
              <filter>
                <filter-name>guard</filter-name>
                <filter-class>org.gatehouse.guard.GuardFilter</filter-class>
                <async-supported>true</async-supported>
            %s  </filter>
              <filter-mapping>
                <filter-name>guard</filter-name>
                <url-pattern>/*</url-pattern>
                <dispatcher>REQUEST</dispatcher>
                <dispatcher>ASYNC</dispatcher>
                <dispatcher>ERROR</dispatcher>
              </filter-mapping>
              <servlet>
                <servlet-name>shown</servlet-name>
                <servlet-class>org.gatehouse.war.GuardedServlet</servlet-class>
                <async-supported>true</async-supported>
              </servlet>
              <servlet-mapping>
                <servlet-name>shown</servlet-name>
                <url-pattern>/shown</url-pattern>
                <url-pattern>/async</url-pattern>
                <url-pattern>/teapot</url-pattern>
                <url-pattern>/error-page</url-pattern>
                <url-pattern>/admin/shown</url-pattern>
              </servlet-mapping>
            %s  <error-page>
                <error-code>418</error-code>
                <location>/error-page</location>
              </error-page>
            </web-app>
            """;

    private GuardedWar() {}

    /** Returns the file that {@code mvn package} created. */
    static Path jar() {
        Path jar = WarServer.war().resolveSibling("gatehouse-guard.jar");
        if (!Files.exists(jar)) {
            throw new IllegalStateException(jar + " is missing: run 'mvn verify', or 'mvn package' before this test");
        }
        return jar;
    }

    /**
     * Creates a WAR with the class {@link GuardedServlet}.
     *
     * @param parameters the initialization parameters of the filter
     * @param rest whether the WAR also contains Jersey and {@link GuardedResource}
     */
    static void pack(Path war, Map<String, String> parameters, boolean rest) throws IOException {
        String parameterElements = new TreeMap<>(parameters)
                .entrySet().stream()
                        .map(parameter -> "    <init-param><param-name>" + parameter.getKey()
                                + "</param-name><param-value>" + parameter.getValue() + "</param-value></init-param>\n")
                        .collect(Collectors.joining());
        String descriptor = DESCRIPTOR.formatted(parameterElements, rest ? REST_SERVLET : "");
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(war))) {
            add(zip, "WEB-INF/web.xml", descriptor.getBytes(StandardCharsets.UTF_8));
            add(zip, "WEB-INF/lib/gatehouse-guard.jar", Files.readAllBytes(jar()));
            addClass(zip, GuardedServlet.class);
            if (rest) {
                addClass(zip, GuardedResource.class);
                addJersey(zip);
            }
        }
    }

    private static void addJersey(ZipOutputStream zip) throws IOException {
        try (ZipFile gatehouse = new ZipFile(WarServer.war().toFile())) {
            for (ZipEntry entry : gatehouse.stream()
                    .filter(entry -> JERSEY.matcher(entry.getName()).matches())
                    .toList()) {
                try (InputStream content = gatehouse.getInputStream(entry)) {
                    add(zip, entry.getName(), content.readAllBytes());
                }
            }
        }
    }

    private static void addClass(ZipOutputStream zip, Class<?> type) throws IOException {
        String file = type.getName().replace('.', '/') + ".class";
        try (InputStream content = type.getClassLoader().getResourceAsStream(file)) {
            add(zip, "WEB-INF/classes/" + file, content.readAllBytes());
        }
    }

    private static void add(ZipOutputStream zip, String name, byte[] content) throws IOException {
        zip.putNextEntry(new ZipEntry(name));
        zip.write(content);
        zip.closeEntry();
    }
}
