import com.sun.net.httpserver.HttpServer;
import io.smallrye.jwt.algorithm.SignatureAlgorithm;
import io.smallrye.jwt.auth.principal.DefaultJWTTokenParser;
import io.smallrye.jwt.auth.principal.JWTAuthContextInfo;
import io.smallrye.jwt.auth.principal.ParseException;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;
import org.jose4j.jwt.consumer.JwtContext;

public class Server {
    public static void main(String[] arguments) throws Exception {
        // docs/trust.md: SmallRye JWT, java
        int port = Integer.parseInt(System.getenv("PORT"));
        HttpServer server = HttpServer.create(new InetSocketAddress("localhost", port), 0);
        server.createContext("/", exchange -> {
            int status = 401;
            try {
                String token = exchange.getRequestHeaders().getFirst("Authorization").replace("Bearer ", "");
                // docs/trust.md: SmallRye JWT, java 2
                status = jwt.isPresent() ? 200 : 401;
            } catch (ParseException invalid) {
                System.out.println(invalid);
            }
            exchange.sendResponseHeaders(status, -1);
            exchange.close();
        });
        server.start();
    }
}
