package org.gatehouse.war;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * An unmodified server distribution, which the build unpacks. Servers run on a base folder outside the distribution, as
 * the vendor of the server recommends.
 */
public enum Distribution {
    TOMCAT_10("gatehouse.tomcat10"),
    TOMCAT_11("gatehouse.tomcat11"),
    JETTY_12("gatehouse.jetty12");

    private static final Path DEPLOY = Path.of("deploy").toAbsolutePath();

    /** A heap size that must be enough for a small installation. */
    public static final String SMALL_HEAP = "-Xmx256m";

    /** Options that make a server start fast. Tests use these options if the server runs only for seconds. */
    static final String FAST_START = SMALL_HEAP + " -XX:+UseSerialGC -XX:TieredStopAtLevel=1";

    private final String property;

    Distribution(String property) {
        this.property = property;
    }

    public boolean isTomcat() {
        return this != JETTY_12;
    }

    Path home() {
        Path home = Path.of(System.getProperty(property, "missing"));
        if (!Files.isDirectory(home)) {
            throw new IllegalStateException(home + " is missing: run 'mvn verify', which unpacks it");
        }
        return home;
    }

    /** Creates a base folder without applications. */
    void makeBase(Path base) throws IOException {
        if (!isTomcat()) {
            copy(DEPLOY.resolve("jetty-base").resolve("start.d"), base.resolve("start.d"));
            Files.createDirectories(base.resolve("webapps"));
            return;
        }
        copy(home().resolve("conf"), base.resolve("conf"));
        for (String folder : List.of("logs", "temp", "webapps", "work")) {
            Files.createDirectories(base.resolve(folder));
        }
        Path server = base.resolve("conf").resolve("server.xml");
        Files.writeString(
                server,
                Files.readString(server)
                        .replace("port=\"8005\"", "port=\"-1\"")
                        .replace("port=\"8080\"", "port=\"${http.port}\" address=\"127.0.0.1\""));
    }

    /**
     * Writes the descriptor of an application into a base folder. The descriptor is the example in {@code deploy} with
     * the settings of the deployment.
     */
    void deploy(Path base, Deployment deployment) throws IOException {
        Path descriptor = isTomcat()
                ? base.resolve(Path.of("conf", "Catalina", "localhost", deployment.name("ROOT") + ".xml"))
                : base.resolve(Path.of("webapps", deployment.name("root") + ".xml"));
        Files.createDirectories(descriptor.getParent());
        // The descriptor is moved into place as a whole, because a running server may watch the folder.
        Path prepared = Files.createTempFile(base, "descriptor", ".xml");
        Files.writeString(prepared, descriptor(deployment));
        Files.move(prepared, descriptor);
    }

    String descriptor(Deployment deployment) throws IOException {
        Path example =
                isTomcat() ? Path.of("tomcat", "gatehouse.xml") : Path.of("jetty-base", "webapps", "gatehouse.xml");
        return isTomcat()
                ? deployment.forTomcat(Files.readString(DEPLOY.resolve(example)))
                : deployment.forJetty(Files.readString(DEPLOY.resolve(example)));
    }

    /** Returns the command that runs the server in the foreground. */
    List<String> command(Jdk jdk, Path base, int port, String jvm) {
        if (isTomcat()) {
            return List.of("sh", home().resolve("bin").resolve("catalina.sh").toString(), "run");
        }
        return Stream.of(
                        Stream.of(jdk.home().resolve("bin").resolve("java").toString()),
                        Stream.of(jvm.split(" ")),
                        Stream.of(
                                "-jar",
                                home().resolve("start.jar").toString(),
                                "jetty.home=" + home(),
                                "jetty.base=" + base,
                                "jetty.http.port=" + port))
                .flatMap(parts -> parts)
                .toList();
    }

    Map<String, String> environment(Jdk jdk, Path base, int port, String jvm) {
        return isTomcat()
                ? Map.of(
                        "JAVA_HOME", jdk.home().toString(),
                        "CATALINA_HOME", home().toString(),
                        "CATALINA_BASE", base.toString(),
                        "CATALINA_OPTS", jvm + " -Dhttp.port=" + port)
                : Map.of();
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Path target = to.resolve(from.relativize(file));
                if (Files.isDirectory(file)) {
                    Files.createDirectories(target);
                } else {
                    Files.copy(file, target);
                }
            }
        }
    }

    @Override
    public String toString() {
        return home().getFileName().toString();
    }
}
