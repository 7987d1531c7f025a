package org.gatehouse.bench;

import java.nio.charset.StandardCharsets;

/** A complete HTTP request in bytes, and the body that its 200 response must have. */
final class Call {
    private final byte[] request;
    private final BodyCheck body;

    private Call(String request, BodyCheck body) {
        this.request = request.getBytes(StandardCharsets.UTF_8);
        this.body = body;
    }

    static Call get(String path, String token, BodyCheck body) {
        return new Call(head("GET", path, "Authorization: Bearer " + token) + "\r\n", body);
    }

    static Call patch(String path, String token, String json, BodyCheck body) {
        String headers = "Authorization: Bearer " + token + "\r\nContent-Type: application/merge-patch+json";
        return new Call(withBody(head("PATCH", path, headers), json), body);
    }

    /** Returns a POST request with the header that a trusted proxy adds for this client address. */
    static Call postFrom(String address, String path, String json, BodyCheck body) {
        String headers = "X-Forwarded-For: " + address + "\r\nContent-Type: application/json";
        return new Call(withBody(head("POST", path, headers), json), body);
    }

    /** Returns the same request with a different expected body. */
    Call expecting(BodyCheck other) {
        return new Call(new String(request, StandardCharsets.UTF_8), other);
    }

    byte[] request() {
        return request;
    }

    BodyCheck body() {
        return body;
    }

    private static String head(String method, String path, String headers) {
        return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: bench\r\n" + headers
                + "\r\n";
    }

    private static String withBody(String head, String json) {
        return head + "Content-Length: " + json.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + json;
    }
}
