package org.gatehouse.service;

import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PATCH;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import jakarta.ws.rs.core.Response.Status;
import jakarta.ws.rs.core.UriInfo;
import java.time.Clock;
import java.time.Duration;
import java.util.function.Consumer;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.FieldErrors;
import org.gatehouse.error.GatehouseException;
import org.gatehouse.http.Cursor;
import org.gatehouse.http.Page;
import org.gatehouse.http.PageRequest;
import org.gatehouse.http.Preconditions;
import org.gatehouse.http.RelativeReference;
import org.gatehouse.identity.Permission;
import org.gatehouse.identity.Requires;
import org.gatehouse.identity.ServiceId;
import org.gatehouse.json.Json;
import org.gatehouse.json.JsonBody;
import org.gatehouse.service.ServiceAccounts.WithSecret;
import org.gatehouse.user.Caller;
import org.jspecify.annotations.Nullable;

/** {@code /service}: lets administrators manage service accounts. */
@Path("service")
@Produces(MediaType.APPLICATION_JSON)
public final class ServiceResource {
    private static final String MERGE_PATCH = "application/merge-patch+json";

    private final ServiceAccounts services;
    private final Clock clock;

    ServiceResource(ServiceAccounts services, Clock clock) {
        this.services = services;
        this.clock = clock;
    }

    /** Returns 201 with the account and its secret. */
    @POST
    @Requires(Permission.SERVICES_WRITE)
    @Consumes(MediaType.APPLICATION_JSON)
    public Response create(JsonBody body, @Context ContainerRequestContext request, @Context UriInfo uri) {
        WithSecret created = services.create(Caller.of(request), ServiceInput.ofNew(body));
        String location = RelativeReference.child(uri, created.service().id().hex());
        return response(Response.status(Status.CREATED).header(HttpHeaders.LOCATION, location), created);
    }

    /** Returns 200 with one page of accounts, latest first. */
    @GET
    @Requires(Permission.SERVICES_READ)
    public Response list(
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("after") @Nullable String after,
            @Context UriInfo uri) {
        FieldErrors errors = new FieldErrors();
        PageRequest page = PageRequest.parse(limit, after, errors);
        ServiceId position = page.position(
                        cursor -> Cursor.parse(cursor, 1).flatMap(parts -> ServiceId.parse(parts.get(0))), errors)
                .orElse(null);
        errors.throwIfAny();
        return Page.of(services.list(position, page.limit() + 1), page.limit())
                .response(uri, this::json, service -> Cursor.of(service.id().hex()));
    }

    /** Returns 200 with the account, or 304 if the caller already has this version. */
    @GET
    @Path("{id}")
    @Requires(Permission.SERVICES_READ)
    public Response find(@PathParam("id") String id, @Context ContainerRequestContext request) {
        ServiceAccount service = services.find(id);
        return isUnmodified(Preconditions.of(request), service)
                ? Response.notModified(tag(service)).build()
                : response(Response.ok(), service, json(service));
    }

    /** Returns 200 with the account after the merge patch. */
    @PATCH
    @Path("{id}")
    @Requires(Permission.SERVICES_WRITE)
    @Consumes({MediaType.APPLICATION_JSON, MERGE_PATCH})
    public Response change(@PathParam("id") String id, JsonBody body, @Context ContainerRequestContext request) {
        ServiceAccount after = services.change(Caller.of(request), id, ServiceInput.ofPatch(body), condition(request));
        return response(Response.ok(), after, json(after));
    }

    /** Returns 204 after the account has been deleted. */
    @DELETE
    @Path("{id}")
    @Requires(Permission.SERVICES_WRITE)
    public void delete(@PathParam("id") String id, @Context ContainerRequestContext request) {
        services.delete(Caller.of(request), id, condition(request));
    }

    /** Returns 201 with the account and another secret. The previous secret remains valid for a while. */
    @POST
    @Path("{id}/secret")
    @Requires(Permission.SERVICES_WRITE)
    public Response createSecret(@PathParam("id") String id, JsonBody body, @Context ContainerRequestContext request) {
        Duration previousLife = ServiceInput.previousLife(body);
        return response(Response.status(Status.CREATED), services.createSecret(Caller.of(request), id, previousLife));
    }

    private ObjectNode json(ServiceAccount service) {
        return ServiceJson.write(service, clock.instant());
    }

    private Response response(ResponseBuilder builder, WithSecret created) {
        ObjectNode json = json(created.service()).put("secret", created.secret().text());
        return response(builder, created.service(), json);
    }

    private Response response(ResponseBuilder builder, ServiceAccount service, ObjectNode json) {
        return builder.tag(tag(service)).entity(Json.write(json)).build();
    }

    /** Returns a check that throws if the account does not meet the preconditions of the request. */
    private Consumer<ServiceAccount> condition(ContainerRequestContext request) {
        Preconditions conditions = Preconditions.of(request);
        return service -> {
            boolean unused = isUnmodified(conditions, service);
        };
    }

    private boolean isUnmodified(Preconditions conditions, ServiceAccount service) {
        try {
            return conditions.isUnmodified(tag(service));
        } catch (GatehouseException changed) {
            throw ErrorCode.VERSION_MISMATCH.message().equals(changed.getMessage())
                    ? new GatehouseException(changed.code(), "The service has changed since you read it.")
                    : changed;
        }
    }

    /** The tag also changes when a secret ends by time, because the body then changes without a new version. */
    private EntityTag tag(ServiceAccount service) {
        return new EntityTag(
                service.version() + "." + service.validSecrets(clock.instant()).size());
    }
}
