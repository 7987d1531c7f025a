# Functions for scripts that need a running service. Source this file in the root folder of the project.
# The service has its own port and database, so it does not change the data of `mvn jetty:run`.

. .ci/environment

service=
service_log=
export ADMIN_USERNAME=admin ADMIN_PASSWORD=

# need COMMAND PACKAGE... installs Debian packages if the command is missing.
need() {
  local command=$1
  shift
  command -v "$command" >/dev/null || { apt-get update -qq && apt-get install -y -qq "$@"; }
}

# python_tools FOLDER REQUIREMENT... creates a virtual environment, or keeps one that has exactly these requirements.
python_tools() {
  local folder=$1
  shift
  python3 -c 'import ensurepip, venv' 2>/dev/null || { apt-get update -qq && apt-get install -y -qq python3 python3-venv; }
  if [ "$(cat "$folder/requirements" 2>/dev/null)" != "$*" ]; then
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install -q --disable-pip-version-check "$@"
    echo "$*" >"$folder/requirements"
  fi
}

# start_service [NAME=VALUE...] starts it with these settings and sets base to its address, and database to the name of
# its database.
start_service() {
  need curl curl
  need python3 python3
  local port
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  ADMIN_PASSWORD=$(python3 -c 'import secrets; print(secrets.token_urlsafe(24))')
  base=http://localhost:$port
  database=ci-$port-$$
  mkdir -p target
  service_log=$(mktemp target/service.XXXXXX)
  # A separate process group, so that the interrupt also reaches the processes that Maven started.
  set -m
  env "$@" APP_HOST=localhost APP_PORT="$port" DB_NAME="$database" mvn -B -ntp jetty:run >"$service_log" 2>&1 &
  service=$!
  set +m
  trap stop_service EXIT
  for _ in $(seq 3000); do
    curl -sf -o /dev/null "$base/health/ready" && return
    if ! kill -0 "$service" 2>/dev/null; then break; fi
    sleep 0.1
  done
  tail -n 60 "$service_log" >&2
  echo "the service does not respond; its log is above" >&2
  return 1
}

stop_service() {
  [ -n "$service" ] || return 0
  local stopping=$service
  service=
  kill -INT -- "-$stopping" 2>/dev/null || true
  for _ in $(seq 300); do
    kill -0 "$stopping" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL -- "-$stopping" 2>/dev/null || true
  wait "$stopping" 2>/dev/null || true
  rm -f "$service_log"
}
