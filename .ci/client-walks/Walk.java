import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.LoginApi;
import org.openapitools.client.api.MailApi;
import org.openapitools.client.api.SessionsApi;
import org.openapitools.client.api.UsersApi;
import org.openapitools.client.model.Credentials;
import org.openapitools.client.model.ForgotPasswordRequest;
import org.openapitools.client.model.Login;
import org.openapitools.client.model.User;
import org.openapitools.client.model.UserCreate;
import org.openapitools.client.model.UserPatch;

/** Uses the generated Java client. Prints a line for each check; ends with 1 if one failed. */
final class Walk {
    private static final String PASSWORD = "correct horse battery staple";
    private static int failed;

    private Walk() {}

    public static void main(String[] arguments) throws ApiException {
        String username = System.getenv("ADMIN_USERNAME");
        ApiClient client = new ApiClient();
        client.updateBaseUri(System.getenv("BASE"));
        Login login = new LoginApi(client)
                .login(new Credentials().username(username).password(System.getenv("ADMIN_PASSWORD")));
        check("login", login.getUser().getUsername().equals(username));

        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + login.getToken()));
        UsersApi users = new UsersApi(client);
        check("me", users.readUser("me", null).getRoles().contains("admin"));

        User plain = users.createUser(new UserCreate().username("java-plain").password(PASSWORD), null);
        check("a user created without roles is a user", plain.getRoles().equals(List.of("user")));
        User author = users.createUser(
                new UserCreate()
                        .username("java-author")
                        .password(PASSWORD)
                        .email("java@example.com")
                        .roles(List.of("user", "author")),
                null);
        User patched = users.changeUser(author.getId(), new UserPatch().username("java-renamed"), null);
        check("a patch of one field changes it", patched.getUsername().equals("java-renamed"));
        check("a patch of one field leaves the roles alone", Set.copyOf(patched.getRoles())
                .equals(Set.of("user", "author")));
        check("a patch of one field leaves the address alone", "java@example.com".equals(patched.getEmail()));
        User demoted = users.changeUser(author.getId(), new UserPatch().roles(List.of("user")), null);
        check("a patch of the roles changes them", demoted.getRoles().equals(List.of("user")));

        List<User> found = users.listUsers(null, null, null, "java-", null, null, true, null);
        check("list", found.stream().map(User::getUsername).collect(Collectors.toSet())
                .equals(Set.of("java-plain", "java-renamed")));
        check("the sessions have times", new SessionsApi(client).listOwnSessions(null, null).get(0)
                        .getCreatedAt()
                        .getYear()
                >= 2000);

        MailApi mails = new MailApi(client);
        mails.forgotPassword(new ForgotPasswordRequest().email("java@example.com"));
        check("a forgotten password queues a mail", mails.listMails(null, null, null, null).stream()
                .anyMatch(mail -> "reset".equals(String.valueOf(mail.getKind()))));

        try {
            users.readUser("000000000000000000000000", null);
            check("an unknown user is an error", false);
        } catch (ApiException error) {
            check("an unknown user is an error", error.getCode() == 404 && error.getResponseBody()
                    .contains("USER_NOT_FOUND"));
        }

        check("logout", new LoginApi(client).logout(null).getEnded() == 1);
        System.exit(failed > 0 ? 1 : 0);
    }

    private static void check(String what, boolean holds) {
        failed += holds ? 0 : 1;
        System.out.println((holds ? "passed" : "FAILED") + ": java " + what);
    }
}
