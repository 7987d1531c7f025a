package org.gatehouse.login;

/** Is told of every attempt to log in; must be quick. */
public interface LoginObserver {
    void ended(LoginOutcome outcome);
}
