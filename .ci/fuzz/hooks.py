"""What Schemathesis must know about this API beyond its description."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    """A body of one line."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.deserializer("application/x-ndjson")
def first_line(ctx, response):
    """The schema describes each line; the first stands for all."""
    lines = response.text.splitlines()
    return json.loads(lines[0]) if lines else {}


def _refused_by_containers(text):
    return any(c in '%;\\/"' or ord(c) < 32 or 127 <= ord(c) < 160 for c in text) or text.strip(".") == ""


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """Containers refuse such a path before they choose the application, with an error page of their own."""
    return not any(isinstance(v, str) and _refused_by_containers(v) for v in (path_parameters or {}).values())
