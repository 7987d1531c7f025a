package org.gatehouse.app;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameMatching;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.GeneralCodingRules.USE_JAVA_UTIL_LOGGING;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RolesAllowed;
import jakarta.ws.rs.HttpMethod;
import org.gatehouse.identity.Requires;
import org.jspecify.annotations.NullMarked;

/** Checks the dependencies between the packages. */
@AnalyzeClasses(packages = "org.gatehouse", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().matching("org.gatehouse.(*)..").should().beFreeOfCycles();

    @ArchTest
    static final ArchRule noPackageDependsOnTheWiring = noClasses()
            .that()
            .resideOutsideOfPackage("org.gatehouse.app")
            .should()
            .dependOnClassesThat(resideInAPackage("org.gatehouse.app"));

    @ArchTest
    static final ArchRule identityDependsOnNoOtherPackage = noClasses()
            .that()
            .resideInAPackage("org.gatehouse.identity")
            .should()
            .dependOnClassesThat(resideInAPackage("org.gatehouse..")
                    .and(DescribedPredicate.not(resideInAPackage("org.gatehouse.identity"))));

    @ArchTest
    static final ArchRule mongoIsUsedOnlyInPermittedClasses = noClasses()
            .that(
                    areNeither(
                            "org.gatehouse.store",
                            "org\\.gatehouse\\.(migration\\..*|user\\.ReservedUsernames|.*\\.(Mongo.*|.*Store|.*Document)(\\$.*)?)"))
            .should()
            .dependOnClassesThat(resideInAnyPackage("com.mongodb..", "org.bson..")
                    .and(DescribedPredicate.not(nameMatching("com\\.mongodb\\.ConnectionString"))));

    @ArchTest
    static final ArchRule redisIsUsedOnlyInPermittedClasses = noClasses()
            .that(areNeither("org.gatehouse.store", "org\\.gatehouse\\.(cache\\..*|.*\\.Redis.*)"))
            .should()
            .dependOnClassesThat(
                    resideInAPackage("io.lettuce..").and(DescribedPredicate.not(nameMatching(".*\\.RedisURI"))));

    @ArchTest
    static final ArchRule connectionStringsAreCheckedInConfigOnly = noClasses()
            .that(areNeither("org.gatehouse.store", "org\\.gatehouse\\.config\\..*"))
            .should()
            .dependOnClassesThat(nameMatching("com\\.mongodb\\.ConnectionString|io\\.lettuce\\.core\\.RedisURI"));

    @ArchTest
    static final ArchRule nimbusIsUsedInThreePackagesOnly = noClasses()
            .that()
            .resideOutsideOfPackages("org.gatehouse.auth", "org.gatehouse.key", "org.gatehouse.guard")
            .should()
            .dependOnClassesThat(resideInAPackage("com.nimbusds.."));

    @ArchTest
    static final ArchRule theFilterForOtherApplicationsDependsOnServletsAndNimbusOnly = classes()
            .that()
            .resideInAPackage("org.gatehouse.guard")
            .should()
            .onlyDependOnClassesThat(resideInAnyPackage(
                    "org.gatehouse.guard",
                    "jakarta.servlet..",
                    "com.nimbusds..",
                    "java..",
                    "javax.naming..",
                    "org.jspecify.annotations"));

    @ArchTest
    static final ArchRule gatehouseDoesNotUseTheFilterForOtherApplications = noClasses()
            .that()
            .resideOutsideOfPackage("org.gatehouse.guard")
            .should()
            .dependOnClassesThat(resideInAPackage("org.gatehouse.guard"));

    @ArchTest
    static final ArchRule jakartaMailIsUsedInTwoClassesOnly = noClasses()
            .that(DescribedPredicate.not(nameMatching("org\\.gatehouse\\.mail\\.(MailComposer|SmtpTransport)(\\$.*)?")))
            .should()
            .dependOnClassesThat(resideInAnyPackage("jakarta.mail..", "jakarta.activation..", "org.eclipse.angus.."));

    @ArchTest
    static final ArchRule mustacheIsUsedForMailsOnly = noClasses()
            .that()
            .resideOutsideOfPackage("org.gatehouse.mail")
            .should()
            .dependOnClassesThat(resideInAPackage("com.github.mustachejava.."));

    @ArchTest
    static final ArchRule mailsDoNotDependOnUsers = noClasses()
            .that()
            .resideInAPackage("org.gatehouse.mail")
            .should()
            .dependOnClassesThat(resideInAnyPackage(
                    "org.gatehouse.user", "org.gatehouse.login", "org.gatehouse.session", "org.gatehouse.account"));

    @ArchTest
    static final ArchRule passwordsAreHashedInOnePackage = noClasses()
            .that()
            .resideOutsideOfPackage("org.gatehouse.password")
            .should()
            .dependOnClassesThat(resideInAnyPackage("org.springframework..", "org.bouncycastle.."));

    @ArchTest
    static final ArchRule secretsAreRevealedWhereTheyAreUsed = noClasses()
            .that()
            .resideInAnyPackage("org.gatehouse.http", "org.gatehouse.cache", "org.gatehouse.login", "org.gatehouse.app")
            .should()
            .callMethod(org.gatehouse.config.Secret.class, "reveal");

    @ArchTest
    static final ArchRule everyEndpointDeclaresItsAccessRule = methods()
            .that(areEndpoints())
            .should(new ArchCondition<>("declare their access rule") {
                @Override
                public void check(JavaMethod method, ConditionEvents events) {
                    boolean open = method.isAnnotatedWith(PermitAll.class);
                    boolean guarded =
                            method.isAnnotatedWith(RolesAllowed.class) || method.isAnnotatedWith(Requires.class);
                    if (open == guarded) {
                        events.add(SimpleConditionEvent.violated(
                                method,
                                method.getFullName() + " needs either @PermitAll, or @Requires or @RolesAllowed"));
                    }
                }
            });

    @ArchTest
    static final ArchRule everyPackageIsCheckedForNulls = classes()
            .should(new ArchCondition<JavaClass>("be in a @NullMarked package") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                    if (!type.getPackage().isAnnotatedWith(NullMarked.class)) {
                        events.add(SimpleConditionEvent.violated(
                                type, type.getPackageName() + " has no @NullMarked package-info"));
                    }
                }
            });

    @ArchTest
    static final ArchRule standardStreamsAreNotUsed = NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;

    @ArchTest
    static final ArchRule onlyTheBridgeUsesJavaUtilLogging = noClasses()
            .that(DescribedPredicate.not(nameMatching("org\\.gatehouse\\.log\\.JulBridge(\\$.*)?")))
            .should(USE_JAVA_UTIL_LOGGING);

    private static DescribedPredicate<JavaClass> areNeither(String subject, String names) {
        return DescribedPredicate.not(
                resideInAPackage(subject).or(nameMatching(names)).as("in " + subject + " or named " + names));
    }

    private static DescribedPredicate<JavaMethod> areEndpoints() {
        return DescribedPredicate.describe(
                "are endpoints",
                method -> method.getAnnotations().stream()
                        .anyMatch(annotation -> annotation.getRawType().isAnnotatedWith(HttpMethod.class)));
    }
}
