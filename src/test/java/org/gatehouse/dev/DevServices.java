package org.gatehouse.dev;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import jakarta.servlet.ServletContainerInitializer;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextAttributeEvent;
import jakarta.servlet.ServletContextAttributeListener;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.Set;
import org.gatehouse.app.GatehouseListener;
import org.gatehouse.config.SettingSources;
import org.jspecify.annotations.Nullable;

/**
 * Provides the missing settings of {@code mvn jetty:run}: MongoDB and Redis under {@code target/dev}, a mail server, a
 * key, the public address, and a first administrator. Prints the administrator's password once.
 *
 * <p>The container calls this class before any listener. This class passes the settings to the application as servlet
 * context parameters. Therefore the application does not depend on this class. Settings from all other sources except
 * {@code .env} take precedence over these parameters.
 */
public final class DevServices implements ServletContainerInitializer {
    private static final SecureRandom random = new SecureRandom();

    private static final String ADMIN = "admin";

    private static final String MAILS = "/dev/mail";

    /** Base64 encodes 15 random bytes as a password of 20 characters. */
    private static final int PASSWORD_BYTES = 15;

    private final Path folder;

    public DevServices() {
        this(developmentFolder());
    }

    /** Uses the given folder instead of {@code target/dev}. */
    DevServices(Path folder) {
        this.folder = folder;
    }

    @Override
    public void onStartup(@Nullable Set<Class<?>> classes, ServletContext context) {
        SettingSources given = SettingSources.of(context);
        if (!given.problems().isEmpty()) {
            // The invalid line may contain settings that seem to be missing. The application reports this line.
            return;
        }
        Deque<AutoCloseable> started = new ArrayDeque<>();
        context.addListener(new Stop(started));
        String address = ListenAddress.of(given).uri();
        boolean receivesMails = !has(given, "SMTP_URL");
        context.addListener(new Addresses(address, receivesMails));
        if (receivesMails) {
            started.push(startMailServer(given, context));
        }
        if (!has(given, "PUBLIC_URL")) {
            context.setInitParameter("PUBLIC_URL", address);
        }
        if (!has(given, "DB_HOST")) {
            EmbeddedMongo mongo = EmbeddedMongo.onFile(folder.resolve("mongo.mv"));
            started.push(mongo);
            context.setInitParameter("DB_HOST", mongo.uri());
            System.out.printf("%n  Database: %s%n", mongo.uri());
        }
        if (!has(given, "REDIS_HOST") && !has(given, "REDIS_URL")) {
            EmbeddedRedis redis = EmbeddedRedis.start(folder.resolve("redis"));
            started.push(redis);
            context.setInitParameter("REDIS_URL", redis.uri());
        }
        if (!has(given, "AUTH_KEY")) {
            context.setInitParameter("AUTH_KEY", storedSecret("auth-key", 48));
        }
        if (!has(given, "ADMIN_USERNAME") && !has(given, "ADMIN_PASSWORD")) {
            String password = storedPassword();
            context.setInitParameter("ADMIN_USERNAME", ADMIN);
            context.setInitParameter("ADMIN_PASSWORD", password);
            context.addListener(new Announcement(password, credentials(), address));
        }
    }

    /** Starts a server that keeps all mails in memory, and shows them at {@code /dev/mail}. */
    private static EmbeddedSmtp startMailServer(SettingSources given, ServletContext context) {
        EmbeddedSmtp smtp = EmbeddedSmtp.start();
        context.setInitParameter("SMTP_URL", smtp.uri());
        if (!has(given, "MAIL_FROM")) {
            context.setInitParameter("MAIL_FROM", "gatehouse@localhost.example");
        }
        context.addServlet("dev-mail", new MailServlet(smtp)).addMapping(MAILS, MAILS + "/*", MAILS + ".json");
        return smtp;
    }

    private static boolean has(SettingSources given, String name) {
        return given.find(name).isPresent() || given.find(name + "_FILE").isPresent();
    }

    /** Returns a secret from a file, so that tokens stay valid after a restart. Creates the file if it is missing. */
    private String storedSecret(String name, int bytes) {
        Path file = folder.resolve(name);
        try {
            if (!Files.exists(file)) {
                writePrivately(file, randomText(bytes));
            }
            return Files.readString(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /**
     * Returns the password in {@code admin.json}. All databases in the folder use this password, so the file is valid
     * for every database. Returns a new password if the file is missing or malformed.
     */
    private String storedPassword() {
        try {
            if (Files.exists(credentials())) {
                JsonNode stored = new ObjectMapper().readTree(Files.readString(credentials()));
                if (stored.path("username").asText().equals(ADMIN)
                        && stored.path("password").isTextual()) {
                    return stored.path("password").asText();
                }
            }
            return randomText(PASSWORD_BYTES);
        } catch (JsonProcessingException malformed) {
            return randomText(PASSWORD_BYTES);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    private Path credentials() {
        return folder.resolve("admin.json");
    }

    private static void writePrivately(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, "");
        if (file.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        }
        Files.writeString(file, text);
    }

    private static String randomText(int bytes) {
        byte[] drawn = new byte[bytes];
        random.nextBytes(drawn);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(drawn);
    }

    /**
     * Returns {@code target/dev} next to the compiled classes of this project. The result does not depend on the
     * working directory.
     */
    private static Path developmentFolder() {
        try {
            URI classes = DevServices.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI();
            return Path.of(classes).resolveSibling("dev");
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /**
     * Stops the services after the application has stopped. The container notifies listeners of the end in reverse
     * order. This listener was added first, so it is notified last.
     */
    private record Stop(Deque<AutoCloseable> started) implements ServletContextListener {
        @Override
        public void contextDestroyed(ServletContextEvent event) {
            while (!started.isEmpty()) {
                try {
                    started.pop().close();
                } catch (Exception failed) {
                    event.getServletContext().log("a development service did not stop", failed);
                }
            }
        }
    }

    /**
     * Prints the addresses of the service when the service has started.
     *
     * @param receivesMails whether the embedded mail server is in use
     */
    private record Addresses(String address, boolean receivesMails) implements ServletContextAttributeListener {
        @Override
        public void attributeAdded(ServletContextAttributeEvent event) {
            if (event.getName().equals(GatehouseListener.DEPLOYED)) {
                System.out.printf(
                        "%n  Account page: %s/account%n  Console: %s/console%n  Documentation: %s/docs%n",
                        address, address, address);
                if (receivesMails) {
                    System.out.printf("  Mail: %s%s%n", address, MAILS);
                }
                System.out.println();
            }
        }
    }

    /** Prints the administrator's password when the application has created the account. */
    private record Announcement(String password, Path file, String address) implements ServletContextAttributeListener {
        @Override
        public void attributeAdded(ServletContextAttributeEvent event) {
            if (!event.getName().equals(GatehouseListener.ADMINISTRATOR_CREATED)) {
                return;
            }
            String credentials = "{\"username\":\"" + event.getValue() + "\",\"password\":\"" + password + "\"}";
            try {
                writePrivately(file, credentials);
            } catch (IOException unwritable) {
                throw new UncheckedIOException(unwritable);
            }
            System.out.printf(
                    "%n  First administrator: %s%n  Password (shown once): %s%n  Try it:%n"
                            + "    curl -s %s/login -H 'Content-Type: application/json' -d '%s'%n%n",
                    event.getValue(), password, address, credentials);
        }
    }
}
