import io.quarkus.security.Authenticated;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;

@Path("/")
public class Me {
    @GET
    @Authenticated
    public String get() {
        return "accepted";
    }
}
