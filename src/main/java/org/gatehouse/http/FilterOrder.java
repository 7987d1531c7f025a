package org.gatehouse.http;

import jakarta.ws.rs.Priorities;

/**
 * The order of the filters, by priority. Request filters with a lower priority run first. Response filters with a lower
 * priority run last.
 */
public final class FilterOrder {
    /** A pre-matching filter: it runs after {@code ProblemAcceptFilter} and before all filters below. */
    public static final int CORS = Priorities.USER + 1;

    public static final int ACCESS_LOG = 0;
    public static final int STARTUP = 1;
    public static final int CLIENT_INFO = 2;
    public static final int AUTHENTICATION = Priorities.AUTHENTICATION;

    /** After authentication, so that an unknown caller does not learn the parameters of a method. */
    public static final int QUERY_PARAMETERS = AUTHENTICATION + 50;

    /** After authentication, because the limit depends on the method that the caller may call. */
    public static final int BODY_LIMIT = AUTHENTICATION + 100;

    /** After the error mapper, which may replace the body of a response. */
    public static final int RESPONSE_HEADERS = Priorities.HEADER_DECORATOR;

    /** Before the error mapper, which replaces the exception with the body of an answer. */
    public static final int REJECTIONS = Priorities.USER + 1;

    private FilterOrder() {}
}
