package org.gatehouse.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that the settings in {@code deploy/} are valid. {@code .ci/lint} checks the syntax of the files. */
class DeployFilesTest {
    private static final Path FOLDER = Path.of("deploy");

    /** The variables that the container image sets for Tomcat and not for Gatehouse. */
    private static final Set<String> TOMCAT_VARIABLES = Set.of("CATALINA_OPTS");

    private static final Map<String, String> SECRETS = Map.of(
            "auth-key", "An example of a key that is long enough.",
            "db-host", "mongodb://gatehouse:secret@mongo:27017/?replicaSet=rs0",
            "redis-url", "redis://gatehouse:secret@redis:6379",
            "admin-password", "an example of a password",
            "metrics-token", "an-example-of-a-token");

    @TempDir
    Path secrets;

    @Test
    void theImageSetsOnlyKnownSettings() throws IOException {
        String dockerfile = Files.readString(FOLDER.resolve("Dockerfile"));

        List<String> names = Pattern.compile("(?m)^ENV ([A-Z0-9_]+)=")
                .matcher(dockerfile)
                .results()
                .map(MatchResult::group)
                .map(line -> line.replaceAll("^ENV |=$", ""))
                .filter(name -> !TOMCAT_VARIABLES.contains(name))
                .toList();

        assertThat(dockerfile).contains("ENV CATALINA_OPTS=");
        assertThat(knownNames()).containsAll(names);
    }

    @Test
    void composeSetsKnownSettings() throws IOException {
        Map<String, String> environment = composeEnvironment();

        assertThat(knownNames()).containsAll(environment.keySet());
        assertThat(read(environment).authKeys().current().reveal()).isEqualTo(SECRETS.get("auth-key"));
    }

    @Test
    void composeMountsEveryReferencedSecret() throws IOException {
        Set<String> mounted = yaml("compose.yaml")
                .at("/services/gatehouse/secrets")
                .valueStream()
                .map(name -> "/run/secrets/" + name.asText())
                .collect(Collectors.toSet());

        assertThat(files(composeEnvironment())).isEqualTo(mounted);
    }

    @Test
    void kubernetesSetsKnownSettings() throws IOException {
        Map<String, String> environment = kubernetesEnvironment();

        assertThat(knownNames()).containsAll(environment.keySet());
        assertThat(read(environment).firstAdministrator()).isNotNull();
    }

    @Test
    void kubernetesMountsEveryReferencedSecret() throws IOException {
        String folder = yaml("kubernetes/deployment.yaml")
                .at("/spec/template/spec/containers/0/volumeMounts/0/mountPath")
                .asText();
        Set<String> mounted = names(yaml("kubernetes/secret.example.yaml").get("stringData"))
                .map(name -> folder + "/" + name)
                .collect(Collectors.toSet());

        assertThat(files(kubernetesEnvironment())).isEqualTo(mounted);
    }

    /** The secrets include the addresses of the stores, because these addresses contain passwords. */
    @Test
    void systemdLoadsEveryReferencedSecretAsACredential() throws IOException {
        String unit = Files.readString(FOLDER.resolve("jetty-base/gatehouse.service"));
        Map<String, String> environment = unitEnvironment(unit);
        Set<String> loaded = results("(?m)^LoadCredential=([a-z-]+):/etc/gatehouse/secrets/\\1$", unit)
                .map(credential -> "%d/" + credential.group(1))
                .collect(Collectors.toSet());

        assertThat(knownNames()).containsAll(environment.keySet());
        assertThat(loaded).hasSize(SECRETS.size()).isEqualTo(files(environment));
        assertThat(read(environment).metricsToken()).isNotNull();
        assertThat(unit).contains("-Djava.io.tmpdir=%C/gatehouse ", "CacheDirectory=gatehouse\n");
    }

    @Test
    void prometheusUsesTheSameMetricsTokenAsTheOtherDeployments() throws IOException {
        JsonNode scrape = yaml("prometheus/scrape.yaml").at("/scrape_configs/0");

        assertThat(scrape.get("metrics_path").asText()).isEqualTo("/metrics");
        assertThat(scrape.at("/authorization/credentials_file").asText()).endsWith("metrics-token");
        assertThat(composeEnvironment()).containsKey("METRICS_TOKEN_FILE");
        assertThat(kubernetesEnvironment()).containsKey("METRICS_TOKEN_FILE");
    }

    /** With service variables, Kubernetes would set {@code REDIS_PORT} if a Service has the name "redis". */
    @Test
    void kubernetesDisablesServiceVariables() throws IOException {
        JsonNode links = yaml("kubernetes/deployment.yaml").at("/spec/template/spec/enableServiceLinks");

        assertThat(links.isBoolean() && !links.asBoolean()).isTrue();
    }

    @Test
    void theExampleSecretIsRejectedUntilItIsReplaced() throws IOException {
        JsonNode example = yaml("kubernetes/secret.example.yaml").get("stringData");
        Map<String, String> values = names(example)
                .collect(
                        Collectors.toMap(name -> name, name -> example.get(name).asText()));
        Map<String, String> environment = kubernetesEnvironment();

        assertThatThrownBy(() -> read(environment, values))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll("AUTH_KEY", "DB_HOST", "REDIS_URL");
    }

    /** The {@code ADMIN_…} settings may be commented out, because not every start needs these settings. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "compose.yaml",
                "kubernetes/configmap.yaml",
                "tomcat/gatehouse.xml",
                "jetty-base/webapps/gatehouse.xml",
                "jetty-base/gatehouse.service"
            })
    void everyDeploymentShowsHowToCreateAndResetAnAdministrator(String file) throws IOException {
        String text = Files.readString(FOLDER.resolve(file));
        Set<String> names = Pattern.compile("\\b(?:GATEHOUSE_)?(ADMIN_[A-Z_]+)\\b")
                .matcher(text)
                .results()
                .map(match -> match.group(1))
                .collect(Collectors.toSet());

        assertThat(names).contains("ADMIN_USERNAME", "ADMIN_RESET");
        assertThat(knownNames()).containsAll(names);
        String password =
                file.startsWith("kubernetes") ? Files.readString(FOLDER.resolve("kubernetes/deployment.yaml")) : text;
        assertThat(password).contains("ADMIN_PASSWORD_FILE");
    }

    @Test
    void theKustomizationListsEveryFileExceptTheExample() throws IOException {
        JsonNode resources = yaml("kubernetes/kustomization.yaml").get("resources");
        List<String> listed = resources.valueStream().map(JsonNode::asText).toList();

        try (Stream<Path> files = Files.list(FOLDER.resolve("kubernetes"))) {
            assertThat(files.map(file -> file.getFileName().toString())
                            .filter(name -> !name.equals("kustomization.yaml") && !name.contains("example")))
                    .containsExactlyInAnyOrderElementsOf(listed);
        }
    }

    private static Map<String, String> unitEnvironment(String unit) {
        return results("(?m)^Environment=GATEHOUSE_([A-Z_]+)=(.*)$", unit)
                .collect(Collectors.toMap(setting -> setting.group(1), setting -> setting.group(2)));
    }

    private static Stream<MatchResult> results(String pattern, String text) {
        return Pattern.compile(pattern).matcher(text).results();
    }

    private static Map<String, String> composeEnvironment() throws IOException {
        JsonNode environment = yaml("compose.yaml").at("/services/gatehouse/environment");
        return names(environment)
                .collect(Collectors.toMap(
                        name -> name,
                        name -> environment.get(name).asText().replaceAll("\\$\\{[A-Z_]+:-([^}]*)}", "$1")));
    }

    private static Map<String, String> kubernetesEnvironment() throws IOException {
        Map<String, String> environment = new HashMap<>();
        JsonNode settings = yaml("kubernetes/configmap.yaml").get("data");
        names(settings).forEach(name -> environment.put(name, settings.get(name).asText()));
        for (JsonNode entry : yaml("kubernetes/deployment.yaml").at("/spec/template/spec/containers/0/env")) {
            environment.put(entry.get("name").asText(), entry.get("value").asText());
        }
        return environment;
    }

    private Settings read(Map<String, String> environment) throws IOException {
        return read(environment, SECRETS);
    }

    /**
     * Reads the settings of an environment. This method first writes each secret from {@code values} to a new file, and
     * replaces the path in each setting {@code NAME_FILE} by the path of the new file.
     */
    private Settings read(Map<String, String> environment, Map<String, String> values) throws IOException {
        Map<String, String> settings = new HashMap<>(environment);
        for (String file : files(environment)) {
            String name = Path.of(file).getFileName().toString();
            Path secret = Files.writeString(secrets.resolve(name), values.get(name));
            settings.replaceAll((setting, value) -> value.equals(file) ? secret.toString() : value);
        }
        return Settings.read(SettingSources.of(settings), SettingsTest.NO_RULES);
    }

    private static Set<String> files(Map<String, String> environment) {
        return environment.entrySet().stream()
                .filter(entry -> entry.getKey().endsWith(SettingSources.FILE_SUFFIX))
                .map(Map.Entry::getValue)
                .collect(Collectors.toSet());
    }

    private static Collection<String> knownNames() {
        return SettingCatalog.all().stream()
                .flatMap(setting -> setting.secret()
                        ? Stream.of(setting.name(), setting.name() + SettingSources.FILE_SUFFIX)
                        : Stream.of(setting.name()))
                .toList();
    }

    private static Stream<String> names(JsonNode object) {
        return object.properties().stream().map(Map.Entry::getKey);
    }

    private static JsonNode yaml(String file) throws IOException {
        return new YAMLMapper().readTree(FOLDER.resolve(file).toFile());
    }
}
