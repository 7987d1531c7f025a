package org.gatehouse.dev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextAttributeEvent;
import jakarta.servlet.ServletContextAttributeListener;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.gatehouse.app.GatehouseListener;
import org.gatehouse.config.PublicUrl;
import org.gatehouse.config.SettingSources;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DevServicesTest {
    /** Settings for the stores and the mail server, so that {@link DevServices} starts none of them. */
    private static final Map<String, String> NAMED_SERVERS =
            Map.of("DB_HOST", "mongodb://127.0.0.1:9", "REDIS_HOST", "127.0.0.1", "SMTP_URL", "smtp://127.0.0.1:9");

    @TempDir
    Path folder;

    /** The commands at the top of the README send the file {@code admin.json} as the body of a login. */
    @Test
    void theAdministratorsOfAllDatabasesHaveThePasswordInTheFile() throws IOException {
        String first = started(true);
        String file = Files.readString(folder.resolve("admin.json"));
        assertThat(file).contains("\"username\":\"admin\"", "\"password\":\"" + first + "\"");

        // This start creates an administrator again, as with a new DB_NAME.
        assertThat(started(true)).isEqualTo(first);
        assertThat(started(false)).isEqualTo(first);
        assertThat(Files.readString(folder.resolve("admin.json"))).isEqualTo(file);
    }

    @Test
    void anInvalidAdministratorFileIsReplaced() throws IOException {
        Files.writeString(folder.resolve("admin.json"), "{\"username\":");

        String password = started(true);

        assertThat(Files.readString(folder.resolve("admin.json"))).contains(password);
    }

    @Test
    void theAddressComesFromTheSettingsOrIsTheDefault() {
        assertThat(ListenAddress.of(SettingSources.of(Map.of()))).isEqualTo(new ListenAddress("localhost", 8080));
        assertThat(ListenAddress.of(SettingSources.of(Map.of("APP_PORT", "", "GATEHOUSE_APP_HOST", "0.0.0.0"))))
                .isEqualTo(new ListenAddress("0.0.0.0", 8080));
        assertThat(ListenAddress.of(SettingSources.of(Map.of("APP_PORT", "8081"))))
                .isEqualTo(new ListenAddress("localhost", 8081));
    }

    @ParameterizedTest
    @CsvSource({
        "localhost, http://localhost:8080",
        "127.0.0.1, http://127.0.0.1:8080",
        "dev.example, http://dev.example:8080",
        "0.0.0.0, http://localhost:8080",
        "'::', http://localhost:8080",
        "[::], http://localhost:8080",
        "'::1', http://[::1]:8080",
        "[::1], http://[::1]:8080"
    })
    void thePublicAddressIsTheAddressOfJettyUnlessItIsConfigured(String host, String address) {
        Map<String, String> parameters = new HashMap<>(NAMED_SERVERS);
        parameters.put("APP_HOST", host);
        new DevServices(folder).onStartup(Set.of(), context(parameters, new ArrayList<>()));
        assertThat(parameters.get("PUBLIC_URL")).isEqualTo(address);
        assertThat(PublicUrl.parse(address)).hasToString(address);

        Map<String, String> configured = new HashMap<>(NAMED_SERVERS);
        configured.put("GATEHOUSE_PUBLIC_URL", "https://login.example.com");
        new DevServices(folder).onStartup(Set.of(), context(configured, new ArrayList<>()));
        assertThat(configured).doesNotContainKey("PUBLIC_URL");
    }

    @ParameterizedTest
    @ValueSource(strings = {"http", "0", "65536", "-1", "8080 "})
    void theErrorNamesTheSettingOfAnInvalidPort(String port) {
        assertThatThrownBy(() -> ListenAddress.of(SettingSources.of(Map.of("APP_PORT", "x" + port))))
                .hasMessage("APP_PORT must be a whole number from 1 to 65535");
    }

    /**
     * Starts the development services.
     *
     * @param createsTheAdministrator whether the application creates the administrator at this start
     * @return the password that the application receives
     */
    private String started(boolean createsTheAdministrator) {
        Map<String, String> parameters = new HashMap<>(NAMED_SERVERS);
        List<Object> listeners = new ArrayList<>();
        ServletContext context = context(parameters, listeners);
        new DevServices(folder).onStartup(Set.of(), context);
        if (createsTheAdministrator) {
            var created = new ServletContextAttributeEvent(
                    context, GatehouseListener.ADMINISTRATOR_CREATED, parameters.get("ADMIN_USERNAME"));
            listeners.stream()
                    .filter(ServletContextAttributeListener.class::isInstance)
                    .forEach(listener -> ((ServletContextAttributeListener) listener).attributeAdded(created));
        }
        return Objects.requireNonNull(parameters.get("ADMIN_PASSWORD"));
    }

    private static ServletContext context(Map<String, String> parameters, List<Object> listeners) {
        return (ServletContext) Proxy.newProxyInstance(
                DevServicesTest.class.getClassLoader(),
                new Class<?>[] {ServletContext.class},
                (proxy, method, arguments) -> invoke(method.getName(), arguments, parameters, listeners));
    }

    private static @Nullable Object invoke(
            String method, Object[] arguments, Map<String, String> parameters, List<Object> listeners) {
        return switch (method) {
            case "getInitParameterNames" -> Collections.enumeration(parameters.keySet());
            case "getInitParameter" -> parameters.get(String.valueOf(arguments[0]));
            case "setInitParameter" ->
                parameters.putIfAbsent(String.valueOf(arguments[0]), String.valueOf(arguments[1])) == null;
            case "addListener" -> {
                listeners.add(arguments[0]);
                yield null;
            }
            default -> throw new UnsupportedOperationException(method);
        };
    }
}
