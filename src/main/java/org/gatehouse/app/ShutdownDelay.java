package org.gatehouse.app;

import jakarta.servlet.ServletContext;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Objects;
import java.util.stream.Stream;
import org.gatehouse.concurrent.Threads;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delays the stop of the server. During the delay, requests are still served.
 *
 * <p>A servlet context is destroyed too late: by then, Tomcat has paused its connectors, or Jetty has closed its
 * connectors. A JVM shutdown hook runs in parallel with the server's hook and cannot delay it. Tomcat and Jetty call
 * lifecycle listeners before they stop, and wait until the listeners return. So this class registers a lifecycle
 * listener. The servlet API does not offer lifecycle listeners, and the application does not contain the server's
 * classes. Therefore the server is called by reflection. On other servers, a warning says that the delay has no effect.
 *
 * <p>If only the application is undeployed, its stop is not delayed, because Tomcat has already removed the
 * application's path.
 */
final class ShutdownDelay implements AutoCloseable {
    private static final String TOMCAT_LISTENER = "org.apache.catalina.LifecycleListener";
    private static final String TOMCAT_EVENT = "lifecycleEvent";
    private static final String TOMCAT_STOPPING = "before_stop";
    private static final String JETTY_LISTENER = "org.eclipse.jetty.util.component.LifeCycle$Listener";
    private static final String JETTY_STOPPING = "lifeCycleStopping";

    private static final Logger log = LoggerFactory.getLogger(ShutdownDelay.class);

    private final Duration delay;
    private final Runnable begin;
    private @Nullable Removal removal;

    private interface Removal {
        void run() throws ReflectiveOperationException;
    }

    private ShutdownDelay(Duration delay, Runnable begin) {
        this.delay = delay;
        this.begin = begin;
    }

    /**
     * Registers a listener with the server of this context. Does nothing if the delay is zero.
     *
     * @param begin called when the server announces its stop, before the delay
     */
    static ShutdownDelay register(ServletContext context, Duration delay, Runnable begin) {
        ShutdownDelay registered = new ShutdownDelay(delay, begin);
        if (!delay.isZero()) {
            try {
                registered.register(context);
            } catch (ReflectiveOperationException | RuntimeException unknown) {
                registered.close();
                log.warn(
                        "SHUTDOWN_DELAY has no effect: this server does not announce its stop ({})",
                        unknown.toString());
            }
        }
        return registered;
    }

    private void register(ServletContext context) throws ReflectiveOperationException {
        if (context.getClass().getName().startsWith("org.apache.catalina.")) {
            Object application = field(field(context, "context"), "context");
            Object engine = get(get(application, "getParent"), "getParent");
            Object server = get(get(engine, "getService"), "getServer");
            listen(server, TOMCAT_LISTENER, "LifecycleListener");
            return;
        }
        Object server = get(get(context, "getContextHandler"), "getServer");
        listen(server, JETTY_LISTENER, "EventListener");
    }

    private void listen(Object component, String type, String suffix) throws ReflectiveOperationException {
        ClassLoader loader = component.getClass().getClassLoader();
        Class<?> listenerType = Class.forName(type, false, loader);
        Object listener =
                Proxy.newProxyInstance(listenerType.getClassLoader(), new Class<?>[] {listenerType}, this::onEvent);
        var unused = call(component, "add" + suffix, listener);
        removal = () -> call(component, "remove" + suffix, listener);
    }

    private Object onEvent(Object listener, Method method, Object[] arguments) throws ReflectiveOperationException {
        boolean isStopping = method.getName().equals(JETTY_STOPPING)
                || (method.getName().equals(TOMCAT_EVENT)
                        && get(arguments[0], "getType").equals(TOMCAT_STOPPING));
        if (isStopping) {
            delay();
        }
        return switch (method.getName()) {
            case "equals" -> listener == arguments[0];
            case "hashCode" -> System.identityHashCode(listener);
            default -> ShutdownDelay.class.getName();
        };
    }

    private void delay() {
        log.info("Stopping in {} ms; until then the node is not ready but serves requests", delay.toMillis());
        begin.run();
        Threads.sleep(delay);
    }

    private static Object field(Object object, String name) throws ReflectiveOperationException {
        Field field = object.getClass().getDeclaredField(name);
        field.setAccessible(true);
        return Objects.requireNonNull(field.get(object), name);
    }

    private static Object get(Object object, String name) throws ReflectiveOperationException {
        return Objects.requireNonNull(call(object, name), name);
    }

    private static @Nullable Object call(Object object, String name, Object... arguments)
            throws ReflectiveOperationException {
        Method method = Stream.of(object.getClass().getMethods())
                .filter(candidate -> candidate.getName().equals(name)
                        && candidate.getParameterCount() == arguments.length
                        && (arguments.length == 0 || candidate.getParameterTypes()[0].isInstance(arguments[0])))
                .findFirst()
                .orElseThrow(() -> new NoSuchMethodException(object.getClass().getName() + "." + name));
        method.setAccessible(true);
        try {
            return method.invoke(object, arguments);
        } catch (InvocationTargetException failed) {
            throw new ReflectiveOperationException(failed.getCause());
        }
    }

    /** Removes the listener, so that the server no longer references the application. */
    @Override
    public void close() {
        if (removal == null) {
            return;
        }
        try {
            removal.run();
        } catch (ReflectiveOperationException | RuntimeException failed) {
            log.warn("A listener of the server cannot be removed: {}", failed.toString());
        }
        removal = null;
    }
}
