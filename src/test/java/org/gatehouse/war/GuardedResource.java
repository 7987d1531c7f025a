package org.gatehouse.war;

import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.SecurityContext;

/** A resource of the application that {@link GuardedWar} packs. */
@Path("")
public final class GuardedResource {
    @GET
    @Path("everyone")
    @PermitAll
    public String everyone(@Context SecurityContext caller) {
        return caller.getUserPrincipal().getName() + " " + caller.getAuthenticationScheme() + " admin="
                + caller.isUserInRole("admin");
    }

    @GET
    @Path("admin")
    @RolesAllowed("admin")
    public String admin() {
        return "for administrators";
    }
}
