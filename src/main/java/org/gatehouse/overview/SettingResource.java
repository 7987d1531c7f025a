package org.gatehouse.overview;

import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.gatehouse.config.EffectiveSetting;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.json.Json;

/** {@code GET /setting}: shows the settings of this node without secrets. */
@Path("setting")
@Produces(MediaType.APPLICATION_JSON)
public final class SettingResource {
    private final List<EffectiveSetting> settings;

    SettingResource(List<EffectiveSetting> settings) {
        this.settings = List.copyOf(settings);
    }

    /** Returns 200 with all settings in the order of the documentation. */
    @GET
    @Requires(Permission.SETTINGS_READ)
    public byte[] list() {
        return Json.write(settings);
    }
}
