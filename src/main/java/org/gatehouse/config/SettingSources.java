package org.gatehouse.config;

import io.smallrye.config.DotEnvConfigSourceProvider;
import io.smallrye.config.EnvConfigSource;
import io.smallrye.config.PropertiesConfigSource;
import io.smallrye.config.SmallRyeConfig;
import io.smallrye.config.SmallRyeConfigBuilder;
import io.smallrye.config.SysPropConfigSource;
import jakarta.servlet.ServletContext;
import java.io.IOException;
import java.net.URL;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import javax.naming.InitialContext;
import javax.naming.NamingException;
import org.eclipse.microprofile.config.spi.ConfigSource;
import org.jspecify.annotations.Nullable;

/**
 * Where settings come from. First found wins: system property, environment, JNDI, servlet context parameter,
 * {@code .env} in the working directory.
 *
 * <p>A name may be prefixed {@code GATEHOUSE_}. The prefixed name is looked for in all sources before the plain one,
 * because it can only mean us: on a server shared with other applications a plain {@code DB_HOST} in the environment
 * may be somebody else's.
 */
public final class SettingSources {
    static final String PREFIX = "GATEHOUSE_";
    static final String FILE_SUFFIX = "_FILE";

    private final SmallRyeConfig config;

    private SettingSources(Collection<ConfigSource> sources) {
        // No default interceptors: a "${" in a password is a password, not an expression.
        this.config = new SmallRyeConfigBuilder().withSources(sources).build();
    }

    /** The sources of a deployed web application. */
    public static SettingSources of(ServletContext context) {
        List<ConfigSource> sources = new ArrayList<>();
        sources.add(new SysPropConfigSource()); // ordinal 400
        sources.add(new EnvConfigSource(System.getenv(), 300));
        sources.add(new JndiSource());
        sources.add(parametersOf(context));
        sources.addAll(new DotEnv().getConfigSources(SettingSources.class.getClassLoader()));
        return new SettingSources(sources);
    }

    /** Settings given as they are, for tests. */
    public static SettingSources of(Map<String, String> settings) {
        return new SettingSources(List.of(new PropertiesConfigSource(settings, "given", 100)));
    }

    /** The value under the prefixed or the plain name; empty when no source has it, or has it empty. */
    public Optional<String> find(String name) {
        return value(PREFIX + name).or(() -> value(name));
    }

    /** Whether the setting is given, by itself or as a file. */
    public boolean has(String name) {
        return find(name).isPresent() || find(name + FILE_SUFFIX).isPresent();
    }

    private Optional<String> value(String name) {
        return Optional.ofNullable(config.getConfigValue(name).getValue())
                .map(String::strip)
                .filter(text -> !text.isEmpty());
    }

    private static ConfigSource parametersOf(ServletContext context) {
        Map<String, String> parameters = Collections.list(context.getInitParameterNames()).stream()
                .collect(Collectors.toMap(name -> name, context::getInitParameter));
        return new PropertiesConfigSource(parameters, "servlet context parameters", 150);
    }

    /** {@code NAME=value} lines, in the weakest place: SmallRye itself would put them right after the environment. */
    private static final class DotEnv extends DotEnvConfigSourceProvider {
        @Override
        protected ConfigSource loadConfigSource(URL file, int ordinal) throws IOException {
            return super.loadConfigSource(file, 100);
        }
    }

    /** Entries under {@code java:comp/env/gatehouse/}, looked up one by one: JNDI has no cheap list of names. */
    private static final class JndiSource implements ConfigSource {
        @Override
        @SuppressWarnings("BanJNDI") // only names of the catalogue, under the application's own java:comp
        public @Nullable String getValue(String name) {
            try {
                return InitialContext.<Object>doLookup("java:comp/env/gatehouse/" + name)
                        .toString();
            } catch (NamingException absent) {
                return null;
            }
        }

        @Override
        public Set<String> getPropertyNames() {
            return Set.of();
        }

        @Override
        public String getName() {
            return "JNDI java:comp/env/gatehouse";
        }

        @Override
        public int getOrdinal() {
            return 200;
        }
    }
}
