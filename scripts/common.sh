# shellcheck shell=bash
# What the scripts beside this file share. Sourced, never run; leaves the caller in the repository root.

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
cargo_home=${CARGO_HOME:-$HOME/.cargo}
target=${CARGO_TARGET_DIR:-target}
# What setup found out, for run and test. The variable lets tests leave the real file alone.
state=${JSARENA_SETUP_STATE:-$target/jsarena-setup}
# A shell that never sourced rustup's profile still has cargo here.
export PATH="$PATH:$cargo_home/bin"

# die CODE MESSAGE: 1 a check failed, 2 wrong use, 3 could not run (the codes of jsarena itself).
die() {
  printf '%s: %s\n' "scripts/${0##*scripts/}" "$2" >&2
  exit "$1"
}

# have PROGRAM…: all of them can be found.
have() {
  local program
  for program in "$@"; do command -v "$program" >/dev/null || return; done
}

warn() { printf 'warning: %s\n' "$1" >&2; }

# The comment at the head of a script is its help.
show_help() { sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; }

# setup_says NAME: one line of the state file.
setup_says() { sed -n "s/^$1=//p" "$state"; }

# V8 needs 35 minutes on two cores (measured); objects compile independently, so it scales with cores.
v8_minutes() {
  local cores
  cores=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
  echo $(((70 + cores - 1) / cores))
}

# The version of the v8 crate that Cargo.lock holds.
locked_v8() { awk '$0 == "name = \"v8\"" {getline; gsub(/[^0-9.]/, ""); print; exit}' Cargo.lock; }
