package org.gatehouse.war;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Map;
import org.eclipse.jetty.ee.webapp.WebAppClassLoader;
import org.eclipse.jetty.ee10.webapp.WebAppContext;
import org.gatehouse.config.SettingCatalog;
import org.gatehouse.store.Stores;
import org.gatehouse.testing.LocalJetty;

/** The packaged WAR in a Jetty on a free port. */
public final class WarServer extends ServiceClient {
    private final LocalJetty jetty;
    private final Path war;
    private final String contextPath;

    private WarServer(Path war, String contextPath, Map<String, String> settings) throws IOException {
        this.war = war;
        this.contextPath = contextPath;
        WebAppContext application = new WebAppContext();
        application.setContextPath(contextPath.isEmpty() ? "/" : contextPath);
        application.setWar(war.toString());
        application.setThrowUnavailableOnStartupException(true);
        application.setClassLoader(new WebAppClassLoader(new ContainerOnly(), application));
        // The working directory may contain a developer's .env file. The empty parameters below override the settings
        // in that file.
        for (String name : SettingCatalog.names()) {
            application.setInitParameter(name, "");
            application.setInitParameter("GATEHOUSE_" + name, "");
        }
        settings.forEach((name, value) -> application.setInitParameter("GATEHOUSE_" + name, value));
        this.jetty = new LocalJetty(application);
    }

    /**
     * Hides the class path of this project from the WAR. Only the classes that Jetty provides to an application are
     * visible.
     */
    private static final class ContainerOnly extends ClassLoader {
        ContainerOnly() {
            super(ClassLoader.getPlatformClassLoader());
        }

        @Override
        protected Class<?> findClass(String name) throws ClassNotFoundException {
            if (name.startsWith("org.eclipse.jetty.") || name.startsWith("jakarta.servlet.")) {
                return WarServer.class.getClassLoader().loadClass(name);
            }
            throw new ClassNotFoundException(name);
        }

        @Override
        protected Enumeration<URL> findResources(String name) throws IOException {
            return name.equals("jndi.properties")
                    ? WarServer.class.getClassLoader().getResources(name)
                    : Collections.emptyEnumeration();
        }
    }

    /** Returns the file that {@code mvn package} created. */
    public static Path war() {
        Path war = Path.of(System.getProperty("gatehouse.war", "target/gatehouse.war"));
        if (!Files.exists(war)) {
            throw new IllegalStateException(war + " is missing: run 'mvn verify', or 'mvn package' before this test");
        }
        return war;
    }

    /** Deploys the WAR as the only application, with an administrator. */
    public static WarServer start(Stores stores) {
        return start(stores, Map.of());
    }

    /**
     * Deploys the WAR with an administrator. See {@link ServiceClient#settings} for the effect of the given settings.
     */
    public static WarServer start(Stores stores, Map<String, String> settings) {
        return deploy("", settings(stores, settings));
    }

    /** Deploys the given WAR instead of the WAR of this build. */
    static WarServer start(Path war, Stores stores) {
        return deploy(war, "", settings(stores, Map.of()));
    }

    /** Deploys the WAR with only the given settings. */
    public static WarServer deploy(String contextPath, Map<String, String> settings) {
        return deploy(war(), contextPath, settings);
    }

    private static WarServer deploy(Path war, String contextPath, Map<String, String> settings) {
        WarServer deployed = newServer(war, contextPath, settings);
        try {
            deployed.jetty.start();
            return deployed;
        } catch (Exception failed) {
            deployed.close();
            throw new DeploymentFailed(failed);
        }
    }

    private static WarServer newServer(Path war, String contextPath, Map<String, String> settings) {
        try {
            return new WarServer(war, contextPath, settings);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    @Override
    protected boolean isDescribed() {
        return war.equals(war());
    }

    /** Jetty could not start the WAR. The cause is the exception that the application threw. */
    public static final class DeploymentFailed extends RuntimeException {
        private static final long serialVersionUID = 1L;

        DeploymentFailed(Throwable cause) {
            super(cause);
        }
    }

    public int port() {
        return jetty.port();
    }

    @Override
    protected String baseUri() {
        return "http://127.0.0.1:" + port() + contextPath;
    }

    @Override
    public void close() {
        jetty.close();
    }
}
