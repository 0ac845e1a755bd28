# shellcheck shell=bash
# What the load scripts share: their options, and where results go. Sourced, never run.
# shellcheck source=scripts/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

# options DEFAULTS…: sets url, seconds, connections, code and results from the command line.
url=http://127.0.0.1:8080/execute seconds=10 connections=64 code='return 1+1' results=$target/load
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) show_help; exit 0 ;;
    -d | --duration) seconds=${2:?seconds} && shift 2 ;;
    -c | --connections) connections=${2:?a number} && shift 2 ;;
    --code) code=${2?the code of a script} && shift 2 ;;
    --out) results=${2:?a folder} && shift 2 ;;
    http://*) url=$1 && shift ;;
    *) die 2 "what is '$1'? See --help" ;;
  esac
done
case $seconds$connections in
  *[!0-9]*) die 2 "--duration takes whole seconds and --connections a number: '$seconds', '$connections'" ;;
esac
mkdir -p "$results"

# from_debian PROGRAM [PACKAGE]: there, or installed from the package of that name.
from_debian() {
  have "$1" || debian_package "${2:-$1}"
}

# debian_package NAME: installed now. A machine that is new has no lists of packages.
debian_package() {
  if [ "$(id -u)" = 0 ] && have apt-get; then
    local install=(apt-get install -y --no-install-recommends "$1")
    export DEBIAN_FRONTEND=noninteractive
    { "${install[@]}" || { apt-get update && "${install[@]}"; }; } >"$results/$1-install.log" 2>&1 ||
      die 3 "apt-get could not install $1; $results/$1-install.log says why"
  else
    die 3 "$1 is missing; install it: apt-get install $1 (as root), or by your system's package manager"
  fi
}

# from_cargo CRATE VERSION: the program of that name, built under the target folder; sets program.
from_cargo() {
  program=$target/load/cargo/bin/$1
  [ "$(cat "$target/load/cargo/$1.version" 2>/dev/null)" = "$2" ] && return
  have cargo || die 3 'cargo is missing; scripts/setup says how to get it'
  # Without the variable cargo builds in a temporary folder, which is gone afterwards.
  env -u CARGO_TARGET_DIR cargo install --quiet --locked --version "$2" --root "$target/load/cargo" "$1" ||
    die 3 "cargo could not install $1 $2; its words are above"
  echo "$2" >"$target/load/cargo/$1.version"
}

# from_npm PACKAGE VERSION: the program of that name, installed under the target folder; sets program.
from_npm() {
  have npm || die 3 "npm is missing; install Node.js with npm"
  program=$target/load/npm/node_modules/.bin/$1
  [ "$(cat "$target/load/npm/$1.version" 2>/dev/null)" = "$2" ] && return
  mkdir -p "$target/load/npm"
  npm install --prefix "$target/load/npm" --no-package-lock --no-audit --no-fund --loglevel=error "$1@$2" ||
    die 3 "npm could not install $1@$2; its words are above"
  echo "$2" >"$target/load/npm/$1.version"
}

# from_pypi PACKAGE VERSION: the program of that name, in an environment of its own; sets program.
from_pypi() {
  program=$target/load/python/bin/$1
  [ "$(cat "$target/load/python/$1.version" 2>/dev/null)" = "$2" ] && return
  # Debian's python3 is without it.
  python3 -c 'import ensurepip' 2>/dev/null || debian_package python3-venv
  python3 -m venv "$target/load/python" || die 3 'python3 cannot make an environment; its words are above'
  "$target/load/python/bin/pip" install --quiet --disable-pip-version-check "$1==$2" ||
    die 3 "pip could not install $1==$2; its words are above"
  echo "$2" >"$target/load/python/$1.version"
}

# One request, so that a load on nothing is not reported as a slow server.
probe() {
  curl -s -f -m 10 -o /dev/null -H 'content-type: application/json' -d "$body" "$url" ||
    die 3 "no right answer from $url; start one: jsarena serve -e quickjs"
}

from_debian python3
from_debian curl
# The body of every request.
body=$(printf '%s' "$code" | python3 -c 'import json, sys
print(json.dumps({"type": "javascript", "code": sys.stdin.read()}))')
