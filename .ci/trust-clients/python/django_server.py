import os
import wsgiref.simple_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path

# docs/trust.md: Django, python
settings.configure(REST_FRAMEWORK=REST_FRAMEWORK, SIMPLE_JWT=SIMPLE_JWT, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"], SECRET_KEY="unused")
django.setup()

from rest_framework.decorators import api_view, permission_classes
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response


@api_view()
@permission_classes([IsAuthenticated])
def get(request):
    return Response(request.user.id)


urlpatterns = [path("", get)]
wsgiref.simple_server.make_server("localhost", int(os.environ["PORT"]), get_wsgi_application()).serve_forever()
