package org.gatehouse.http;

import jakarta.ws.rs.Priorities;

/**
 * The order of the filters, by priority. Request filters with a lower priority run first, response filters with a lower
 * priority run last.
 */
public final class FilterOrder {
    /** Pre-matching; after it the request has its id. */
    public static final int CORS = Priorities.USER + 1;

    public static final int ACCESS_LOG = 0;
    public static final int STARTUP = 1;
    public static final int CLIENT_INFO = 2;
    public static final int AUTHENTICATION = Priorities.AUTHENTICATION;

    /** After the authentication, because an unknown caller learns nothing about the parameters of a method. */
    public static final int QUERY_PARAMETERS = AUTHENTICATION + 50;

    /** After the authentication, because the limit of a body depends on the method that the caller may call. */
    public static final int BODY_LIMIT = AUTHENTICATION + 100;

    /** After the error mapper, which may replace the body of an answer. */
    public static final int RESPONSE_HEADERS = Priorities.HEADER_DECORATOR;

    private FilterOrder() {}
}
