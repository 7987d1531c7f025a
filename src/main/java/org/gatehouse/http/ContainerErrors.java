package org.gatehouse.http;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.ws.rs.core.HttpHeaders;
import java.io.IOException;
import org.gatehouse.error.ErrorCode;
import org.gatehouse.error.GatehouseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Responds to requests that are rejected or fail outside Jersey. Examples are requests that the container rejects and
 * dispatches to the error page of {@code web.xml}. Each response has the usual body, headers and access log line.
 */
final class ContainerErrors {
    /** {@code RequestDispatcher.ERROR_METHOD} of Servlet 6.1; absent in older versions. */
    private static final String ERROR_METHOD = "jakarta.servlet.error.method";

    private static final Logger log = LoggerFactory.getLogger(ContainerErrors.class);

    private final ResponseHeaders headers;
    private final AccessLog accessLog;

    public ContainerErrors(ResponseHeaders headers, AccessLog accessLog) {
        this.headers = headers;
        this.accessLog = accessLog;
    }

    /** Responds with the status that the container chose, and logs the exception if the failure is internal. */
    void sendForContainer(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE) instanceof Integer given ? given : 500;
        send(request, response, status);
    }

    /** Sends an error with this status unless the response is committed. The request must already have its id. */
    void send(HttpServletRequest request, HttpServletResponse response, int status) throws IOException {
        send(request, response, new GatehouseException(ErrorMapper.codeOf(status)));
    }

    /** Sends an error for this exception unless the response is committed. The request must already have its id. */
    void send(HttpServletRequest request, HttpServletResponse response, GatehouseException failure) throws IOException {
        if (response.isCommitted()) {
            return;
        }
        if (failure.code() == ErrorCode.INTERNAL) {
            log.error(
                    "Unexpected failure of request {} outside of Jersey",
                    RequestId.current(),
                    request.getAttribute(RequestDispatcher.ERROR_EXCEPTION));
        }
        accessLog.record(
                request, methodOf(request), pathOf(request), failure.code().status());
        write(failure, request, response);
    }

    /** Returns the method that the client sent. Since Servlet 6.1, containers call the error page with GET. */
    private static String methodOf(HttpServletRequest request) {
        return request.getAttribute(ERROR_METHOD) instanceof String failed ? failed : request.getMethod();
    }

    /** Returns the path within the application, even if the container dispatches the request to the error page. */
    private static String pathOf(HttpServletRequest request) {
        String uri = request.getAttribute(RequestDispatcher.ERROR_REQUEST_URI) instanceof String failed
                ? failed
                : request.getRequestURI();
        String context = request.getContextPath();
        return uri.startsWith(context) ? uri.substring(context.length()) : uri;
    }

    private void write(GatehouseException failure, HttpServletRequest request, HttpServletResponse response)
            throws IOException {
        ErrorBody format = ErrorBody.wantedBy(request.getHeader(HttpHeaders.ACCEPT));
        byte[] body = format.write(failure);
        response.resetBuffer();
        response.setStatus(failure.code().status());
        response.setHeader(HttpHeaders.VARY, HttpHeaders.ACCEPT);
        failure.retryAfter()
                .ifPresent(after ->
                        response.setHeader(HttpHeaders.RETRY_AFTER, Long.toString(ErrorMapper.secondsUntil(after))));
        headers.addTo(response, request);
        response.setContentType(format.mediaType().toString());
        response.setContentLength(body.length);
        response.getOutputStream().write(body);
    }
}
