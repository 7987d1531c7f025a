package org.gatehouse.pages;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.gatehouse.json.Json;
import org.gatehouse.war.Response;
import org.gatehouse.war.ServiceClient;
import org.gatehouse.war.Site;

/** The sites that all tests share, because the start of a server takes seconds. They stop when the process ends. */
final class Sites {
    static final String PASSWORD = "correct horse battery staple";

    /** Users with this role must have a second factor. */
    static final String FACTOR_ROLE = "vault";

    /** Anyone may register, and people are found by a field with this name, too. */
    private static final Map<String, String> SETTINGS =
            Map.of("REGISTRATION", "open", "SEARCH_FIELDS", "employeeNumber", "FACTOR_REQUIRED_ROLES", FACTOR_ROLE);

    private static final Map<Site.Place, Site> STARTED = new EnumMap<>(Site.Place.class);
    private static final AtomicInteger PEOPLE = new AtomicInteger();

    /** A user with the password {@link #PASSWORD} and a verified address. */
    record Person(String id, String name, String email) {}

    private Sites() {}

    /** Returns the places to test: those that the system property {@code gatehouse.places} names, or else all. */
    static Stream<Site.Place> places() {
        List<String> chosen = List.of(System.getProperty("gatehouse.places", "").split(","));
        return Stream.of(Site.Place.values())
                .filter(place -> chosen.equals(List.of("")) || chosen.contains(place.name()));
    }

    /** Returns the site at a place. */
    static synchronized Site at(Site.Place place) {
        return STARTED.computeIfAbsent(place, Sites::start);
    }

    private static Site start(Site.Place place) {
        try {
            Site site = Site.start(place, SETTINGS);
            Runtime.getRuntime().addShutdownHook(new Thread(site::close, "site-at-exit"));
            return site;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    /** Returns a name that no other user of the tests has. */
    static String newName(String kind) {
        return kind + "-" + PEOPLE.incrementAndGet();
    }

    static Person person(Site site, String kind, String... roles) {
        String name = newName(kind);
        String email = name + "@example.com";
        ServiceClient api = site.api();
        String admin = api.adminToken();
        ObjectNode fields = Json.MAPPER.createObjectNode().put("username", name).put("password", PASSWORD);
        List.of(roles).forEach(fields.withArray("roles")::add);
        if (roles.length == 0) {
            fields.remove("roles");
        }
        Response created = expect(201, api.patiently(() -> api.post("/user", admin, fields.toString())));
        String id = created.text("_id");
        String address = Json.MAPPER
                .createObjectNode()
                .put("email", email)
                .put("verified", true)
                .toString();
        expect(
                204,
                api.send("PUT", "/user/" + id + "/email", address, "auth", admin, "Content-Type", "application/json"));
        return new Person(id, name, email);
    }

    /** Returns the response if it has this status, and fails otherwise. */
    static Response expect(int status, Response response) {
        if (response.status() != status) {
            throw new AssertionError(response.request() + " returned " + response.status() + ": " + response.body());
        }
        return response;
    }
}
