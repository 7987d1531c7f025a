package org.gatehouse.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.server.Server;
import org.gatehouse.app.GatehouseListener;
import org.gatehouse.config.SettingCatalog;
import org.gatehouse.dev.CleanEnvironment;
import org.gatehouse.store.Stores;
import org.gatehouse.war.ServiceClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.core.LauncherFactory;

/** Checks that tests, and the processes that tests start, ignore Gatehouse settings in the environment. */
class SettingsFreeSessionTest {
    private static final String STARTED = "started on its own stores";

    /**
     * The environment contains each setting with and without its prefix and suffix. Tests and their processes must not
     * receive these settings.
     */
    @Test
    void storesInEnvironmentVariablesAreNotContacted(@TempDir Path folder) throws Exception {
        try (ServerSocket storeOfEnvironment = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            Path log = folder.resolve("log");
            ProcessBuilder tests = new ProcessBuilder(List.of(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "--add-opens",
                            "java.base/java.util=ALL-UNNAMED",
                            "-XX:+UseSerialGC",
                            "-XX:TieredStopAtLevel=1",
                            "-DAUTH_EXPIRY=not-a-number",
                            "-cp",
                            absolute(System.getProperty("java.class.path")),
                            Tests.class.getName()))
                    .directory(folder.toFile()) // this folder contains no .env file
                    .redirectErrorStream(true)
                    .redirectOutput(log.toFile());
            tests.environment().putAll(environment(storeOfEnvironment.getLocalPort()));
            int status = tests.start().waitFor();

            assertThat(status).as(Files.readString(log)).isZero();
            assertThat(Files.readString(log)).contains(STARTED);
            storeOfEnvironment.setSoTimeout(1);
            assertThat(connections(storeOfEnvironment)).isZero();
        }
    }

    private static String absolute(String classPath) {
        return Stream.of(classPath.split(File.pathSeparator))
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static Map<String, String> environment(int port) {
        Map<String, String> environment = new HashMap<>();
        for (String name : SettingCatalog.names()) {
            environment.put(name, "of the environment");
            environment.put("GATEHOUSE_" + name, "of the environment");
        }
        for (String prefix : List.of("", "GATEHOUSE_")) {
            environment.put(prefix + "DB_HOST", "mongodb://127.0.0.1:" + port);
            environment.put(prefix + "REDIS_URL", "redis://127.0.0.1:" + port);
        }
        return environment;
    }

    private static int connections(ServerSocket server) throws IOException {
        for (int count = 0; ; count++) {
            try {
                server.accept().close();
            } catch (SocketTimeoutException none) {
                return count;
            }
        }
    }

    /** Acts like a JVM that runs tests. JUnit opens a launcher session, and then a test deploys the application. */
    static final class Tests {
        private Tests() {}

        public static void main(String[] arguments) throws Exception {
            LauncherSession session = LauncherFactory.openSession();
            try {
                assertThat(System.getenv().keySet()).noneMatch(CleanEnvironment::isSetting);
                assertThat(new ProcessBuilder().environment().keySet()).noneMatch(CleanEnvironment::isSetting);
                deploy();
            } finally {
                session.close();
            }
            System.out.println(STARTED);
            System.exit(0);
        }

        private static void deploy() throws Exception {
            Server server = new Server(0);
            try (Stores stores = new Stores()) {
                ServletContextHandler context = new ServletContextHandler("/");
                ServiceClient.settings(stores, Map.of()).forEach(context::setInitParameter);
                context.addEventListener(new GatehouseListener());
                server.setHandler(context);
                server.start();
                server.stop();
                assertThat(stores.users().countDocuments()).isEqualTo(1);
            }
        }
    }
}
