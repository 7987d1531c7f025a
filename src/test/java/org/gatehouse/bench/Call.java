package org.gatehouse.bench;

import java.nio.charset.StandardCharsets;

/**
 * A complete HTTP request in bytes, and the body that its 200 response must have.
 *
 * @param mayBeRejected whether a response 503 is correct too, because the service may be overloaded
 */
record Call(byte[] request, BodyCheck body, boolean mayBeRejected) {
    private Call(String request, BodyCheck body) {
        this(request.getBytes(StandardCharsets.UTF_8), body, false);
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
        return new Call(request, other, mayBeRejected);
    }

    Call orRejected() {
        return new Call(request, body, true);
    }

    private static String head(String method, String path, String headers) {
        return method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: bench\r\n" + headers
                + "\r\n";
    }

    private static String withBody(String head, String json) {
        return head + "Content-Length: " + json.getBytes(StandardCharsets.UTF_8).length + "\r\n\r\n" + json;
    }
}
