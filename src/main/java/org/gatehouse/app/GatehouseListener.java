package org.gatehouse.app;

import ch.qos.logback.classic.LoggerContext;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import jakarta.servlet.ServletRegistration;
import java.time.Duration;
import java.util.Set;
import org.gatehouse.admin.FirstAdministrator;
import org.gatehouse.concurrent.Threads;
import org.gatehouse.config.SettingSources;
import org.gatehouse.config.Settings;
import org.gatehouse.config.SettingsException;
import org.gatehouse.http.HttpModule;
import org.gatehouse.log.JsonLogEncoder;
import org.gatehouse.log.JulBridge;
import org.gatehouse.store.DriverLeaks;
import org.gatehouse.store.MongoErrors;
import org.gatehouse.store.UnusableStoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts and stops the application for the servlet container. {@code web.xml} registers this listener.
 *
 * <p>If settings are missing or invalid, the deployment fails with one message that lists all problems. If the
 * deployment fails for another reason, one log line at error level gives the reason.
 */
public final class GatehouseListener implements ServletContextListener {
    /** The context attribute with the first administrator's name, if this start creates or resets the account. */
    public static final String ADMINISTRATOR_CREATED = "org.gatehouse.administratorCreated";

    /** The servlet context attribute that is set at the end of a successful start. */
    public static final String DEPLOYED = "org.gatehouse.deployed";

    /** The preloading ends before the start does, except on a machine that is overloaded. */
    private static final Duration PRELOAD_TIMEOUT = Duration.ofSeconds(5);

    private static final Logger log = LoggerFactory.getLogger(GatehouseListener.class);

    private @Nullable Gatehouse gatehouse;
    private @Nullable JulBridge julBridge;
    private @Nullable ShutdownDelay shutdownDelay;

    @Override
    public void contextInitialized(ServletContextEvent event) {
        ServletContext context = event.getServletContext();
        // Gatehouse does not use HTTP sessions. Without session tracking, the container does not parse or log cookies.
        context.setSessionTrackingModes(Set.of());
        julBridge = JulBridge.install();
        DriverLeaks.disableFlightRecorder();
        Thread preload = Threads.create("preload", HttpApplication::preload);
        preload.start();
        try {
            start(context);
        } catch (RuntimeException | Error failed) {
            // Some containers log a listener's exception only to a separate file.
            log.error(reason(failed));
            stop(); // because the container does not call contextDestroyed on a listener that failed
            throw failed;
        } finally {
            Threads.join(preload, PRELOAD_TIMEOUT);
        }
    }

    private void start(ServletContext context) {
        SettingSources sources = SettingSources.of(context);
        Settings settings = settings(sources);
        if (settings.logAsJson() && LoggerFactory.getILoggerFactory() instanceof LoggerContext logback) {
            JsonLogEncoder.writeToConsole(logback);
        }
        sources.mistypedNames().forEach(log::warn);
        gatehouse = new Gatehouse(settings, name -> context.setAttribute(ADMINISTRATOR_CREATED, name));
        gatehouse.start();
        shutdownDelay = ShutdownDelay.register(context, settings.shutdownDelay(), gatehouse::announceStop);
        ServletRegistration.Dynamic servlet = context.addServlet(
                "gatehouse", gatehouse.http.servlet(new HttpApplication(gatehouse), HttpModule.BODY_TIMEOUT));
        servlet.addMapping("/*");
        servlet.setAsyncSupported(true);
        servlet.setLoadOnStartup(1);
        String path = context.getContextPath();
        log.info("Gatehouse has started; its context path is {}/ and its documentation is at {}/docs", path, path);
        context.setAttribute(DEPLOYED, true);
    }

    private static String reason(Throwable failed) {
        return failed instanceof SettingsException || failed instanceof UnusableStoreException
                ? String.valueOf(failed.getMessage())
                : "Gatehouse cannot start: " + MongoErrors.describe(failed);
    }

    private static Settings settings(SettingSources sources) {
        try {
            return Settings.read(sources, FirstAdministrator::problems);
        } catch (SettingsException wrong) {
            // A missing setting may be present under a mistyped name.
            sources.mistypedNames().forEach(log::warn);
            throw wrong;
        }
    }

    @Override
    public void contextDestroyed(ServletContextEvent event) {
        stop();
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext logback) {
            logback.stop();
        }
    }

    private void stop() {
        if (shutdownDelay != null) {
            shutdownDelay.close();
            shutdownDelay = null;
        }
        if (gatehouse != null) {
            gatehouse.close();
            gatehouse = null;
        }
        DriverLeaks.endThreads();
        if (julBridge != null) {
            julBridge.close();
            julBridge = null;
        }
    }
}
