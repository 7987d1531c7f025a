package org.gatehouse.docs;

import io.swagger.v3.core.util.Yaml31;
import io.swagger.v3.jaxrs2.DefaultParameterExtension;
import io.swagger.v3.jaxrs2.Reader;
import io.swagger.v3.jaxrs2.ext.OpenAPIExtensions;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Paths;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes the description of the API: the operations that the resources have, in {@code gatehouse.yaml}, which says
 * everything else. Run by the build; no part of the WAR.
 */
public final class DescriptionReader extends Reader {
    private static final String BASE = "gatehouse.yaml";

    public DescriptionReader() {
        OpenAPIExtensions.setExtensions(
                new ArrayList<>(List.of(new OperationDetails(), new DefaultParameterExtension())));
    }

    @Override
    public OpenAPI read(Set<Class<?>> classes, Map<String, Object> resources) {
        Paths paths = new Paths();
        paths.putAll(new TreeMap<>(super.read(classes, resources).getPaths()));
        OpenAPI description = base();
        description.setPaths(paths);
        return DistinctNames.of(description);
    }

    private static OpenAPI base() {
        try (InputStream base = DescriptionReader.class.getResourceAsStream(BASE)) {
            return Yaml31.mapper().readValue(Objects.requireNonNull(base, BASE), OpenAPI.class);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }
}
