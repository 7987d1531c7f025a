"""Properties of this API that Schemathesis needs and the description does not contain."""

import json

import schemathesis


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx, value):
    """A body of one line."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.deserializer("application/x-ndjson")
def first_line(ctx, response):
    """The first line, because the schema describes each line."""
    lines = response.text.splitlines()
    return json.loads(lines[0]) if lines else {}


def _refused_by_containers(text):
    return any(c in '%;\\/"' or ord(c) < 32 or 127 <= ord(c) < 160 for c in text) or text.strip(".") == ""


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """Excludes paths that containers reject, with their own error page, before they choose the application."""
    return not any(isinstance(v, str) and _refused_by_containers(v) for v in (path_parameters or {}).values())
