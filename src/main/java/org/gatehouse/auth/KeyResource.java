package org.gatehouse.auth;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.SecurityContext;
import org.gatehouse.http.IsoTime;
import org.gatehouse.http.Json;
import org.gatehouse.http.Roles;

/** The signing keys for administrators: never their private parts. */
@Path("key")
@Produces(MediaType.APPLICATION_JSON)
public final class KeyResource {
    private final KeyService keys;

    public KeyResource(KeyService keys) {
        this.keys = keys;
    }

    /** 200 with all keys, newest first; they are a handful, so there are no pages. */
    @GET
    @RolesAllowed(Roles.ADMIN)
    public byte[] list() {
        ArrayNode json = Json.MAPPER.createArrayNode();
        keys.list().forEach(key -> json.add(write(key)));
        return Json.write(json);
    }

    /** 201 with the new key, which is published from now on and signs from {@code activeFrom} on. */
    @POST
    @Path("rotate")
    @RolesAllowed(Roles.ADMIN)
    public Response rotate(@Context SecurityContext security) {
        KeyInfo made = keys.rotate(caller(security));
        return Response.status(Response.Status.CREATED)
                .entity(Json.write(write(made)))
                .build();
    }

    /** 204 when no node accepts the key any more. */
    @DELETE
    @Path("{kid}")
    @RolesAllowed(Roles.ADMIN)
    public void revoke(@PathParam("kid") String kid, @Context SecurityContext security) {
        keys.revoke(kid, caller(security));
    }

    private static ObjectNode write(KeyInfo key) {
        ObjectNode json = Json.MAPPER.createObjectNode();
        json.put("kid", key.id());
        json.put("alg", key.algorithm());
        key.createdAt().ifPresent(time -> json.put("createdAt", IsoTime.format(time)));
        key.activeFrom().ifPresent(time -> json.put("activeFrom", IsoTime.format(time)));
        key.revokedAt().ifPresent(time -> json.put("revokedAt", IsoTime.format(time)));
        json.put("current", key.current());
        return json;
    }

    private static Caller caller(SecurityContext security) {
        return (Caller) security.getUserPrincipal();
    }
}
