package org.gatehouse.http;

/** Is told of every answer; called on the thread that answers, so it must be quick and must not throw. */
public interface RequestObserver {
    /**
     * A request was answered.
     *
     * @param method as in the request line, or {@code other} where that is none of HTTP's
     * @param route the template of the path, such as {@code /user/{id}}, one of those that the resources have, or
     *     {@code unmatched}
     * @param nanos until the answer's head was ready; 0 when the container refused the request by itself
     */
    void answered(String method, String route, int status, long nanos);
}
