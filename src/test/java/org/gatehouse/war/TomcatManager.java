package org.gatehouse.war;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A client of Tomcat's manager application. The manager deploys applications and reports the state of the server
 * process.
 */
final class TomcatManager {
    private static final String USER = "operator";
    private static final String PASSWORD = "for this test";
    private static final Pattern NUMBER = Pattern.compile(" = (\\d+)");

    private final HttpClient http = HttpClient.newHttpClient();
    private final String uri;

    TomcatManager(AppServer server) {
        this.uri = server.uri() + "/manager/";
    }

    /** Adds the manager application to a base folder. */
    static void addTo(Path base) throws IOException {
        Path conf = base.resolve("conf");
        Files.writeString(conf.resolve("tomcat-users.xml"), """
                <tomcat-users xmlns="http://tomcat.apache.org/xml" version="1.0">
                  <user username="%s" password="%s" roles="manager-script,manager-jmx"/>
                </tomcat-users>
                """.formatted(USER, PASSWORD));
        Path applications = Files.createDirectories(conf.resolve("Catalina").resolve("localhost"));
        Files.writeString(applications.resolve("manager.xml"), """
                <Context docBase="${catalina.home}/webapps/manager" privileged="true"/>
                """);
    }

    void deploy(String contextPath, Path descriptor) {
        command("text/deploy?path=" + contextPath + "&config=" + descriptor.toUri());
    }

    void undeploy(String contextPath) {
        command("text/undeploy?path=" + contextPath);
    }

    /** Returns the context paths of stopped applications that are still in memory after a garbage collection. */
    List<String> findLeaks() {
        return command("text/findleaks?statusLine=true").lines().skip(1).toList();
    }

    void collectGarbage() {
        command("jmxproxy/?invoke=java.lang:type=Memory&op=gc");
    }

    /** Returns the used heap in bytes. */
    long heapUsed() {
        return number("java.lang:type=Memory", "HeapMemoryUsage", "&key=used");
    }

    /** Returns the used metaspace in bytes. */
    long metaspaceUsed() {
        return number("java.lang:type=MemoryPool,name=Metaspace", "Usage", "&key=used");
    }

    long threads() {
        return number("java.lang:type=Threading", "ThreadCount", "");
    }

    private long number(String bean, String attribute, String suffix) {
        String response = command(
                "jmxproxy/?get=" + URLEncoder.encode(bean, StandardCharsets.UTF_8) + "&att=" + attribute + suffix);
        Matcher number = NUMBER.matcher(response);
        if (!number.find()) {
            throw new AssertionError(response);
        }
        return Long.parseLong(number.group(1));
    }

    private String command(String command) {
        String login = Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8));
        try {
            String response = http.send(
                            HttpRequest.newBuilder(URI.create(uri + command))
                                    .header("Authorization", "Basic " + login)
                                    .build(),
                            BodyHandlers.ofString())
                    .body();
            if (!response.startsWith("OK - ")) {
                throw new AssertionError(command + ": " + response);
            }
            return response;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(interrupted);
        }
    }
}
