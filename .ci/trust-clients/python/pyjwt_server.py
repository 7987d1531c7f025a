import http.server
import os

import jwt

# docs/trust.md: PyJWT, python


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        try:
            verify(self.headers.get("Authorization", "").removeprefix("Bearer "))
            self.send_response(200)
        except jwt.PyJWTError:
            self.send_response(401)
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("localhost", int(os.environ["PORT"])), Handler).serve_forever()
