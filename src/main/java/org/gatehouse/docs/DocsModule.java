package org.gatehouse.docs;

import java.util.List;

/** Creates the resources of this package. */
public final class DocsModule {
    private DocsModule() {}

    public static List<Object> resources() {
        return List.of(new OpenApiResource(), new SwaggerUiResource(), new RootResource());
    }
}
