# Sourced by demo.sh and test.sh: what the build needs, installed when it is missing, and the
# release build in build/. Reads nothing from the network but the system's package manager.

# Package names stand here and in cmake/EmendPackages.cmake.
apt_packages="build-essential cmake pkg-config libsqlite3-dev libjansson-dev libutf8proc-dev
  libopenblas-dev libcurl4-openssl-dev libstemmer-dev libhnswlib-dev libedit-dev libcmocka-dev"
dnf_packages="gcc gcc-c++ make cmake pkgconf-pkg-config sqlite-devel jansson-devel utf8proc-devel
  openblas-devel libcurl-devel libstemmer-devel hnswlib-devel libedit-devel libcmocka-devel"
brew_packages="cmake pkgconf sqlite jansson utf8proc openblas curl snowball hnswlib libedit cmocka"

say() { printf '%s\n' "$*" >&2; }

jobs_here() { getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2; }

# Homebrew keeps what macOS also ships out of the way; make it visible.
use_brew_paths() {
  command -v brew >/dev/null 2>&1 || return 0
  brew_prefix=$(brew --prefix)
  for keg in sqlite openblas curl libedit; do
    PKG_CONFIG_PATH=$brew_prefix/opt/$keg/lib/pkgconfig:${PKG_CONFIG_PATH:-}
  done
  CMAKE_PREFIX_PATH=$brew_prefix:${CMAKE_PREFIX_PATH:-}
  export PKG_CONFIG_PATH CMAKE_PREFIX_PATH
}

# A second SQL parser, which only the tests use, as an oracle. Debian and Ubuntu have it.
need_oracle() {
  command -v apt-get >/dev/null 2>&1 || return 0
  echo '#include <pg_query.h>' | cc -E -x c - >/dev/null 2>&1 && return 0
  (install_packages libpg-query-dev "" "") ||
    say "SKIP: libpg-query-dev cannot be had here; PostgreSQL's verdicts are not compared"
}

# Succeeds when everything is here, however it came here. Takes milliseconds.
have_all() {
  for tool in cc c++ cmake pkg-config; do
    command -v $tool >/dev/null 2>&1 || return 1
  done
  command -v make >/dev/null 2>&1 || command -v ninja >/dev/null 2>&1 || return 1
  pkg-config --exists sqlite3 jansson libutf8proc openblas libcurl libedit cmocka || return 1
  printf '#include <libstemmer.h>\n#include <hnswlib/hnswlib.h>\n' |
    c++ -E ${brew_prefix:+-I"$brew_prefix/include"} -x c++ - >/dev/null 2>&1
}

# as_root COMMAND…: runs it, through sudo where that is needed; where neither is possible, says
# what to run ($by_hand) and stops.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
    sudo "$@"
  else
    say "Installing needs root and this shell cannot become it. Please run"
    say "  $by_hand"
    say "and start again."
    exit 3
  fi
}

# install_packages LIST-FOR-APT LIST-FOR-DNF LIST-FOR-BREW
install_packages() {
  if command -v apt-get >/dev/null 2>&1; then
    by_hand="sudo apt-get update && sudo apt-get install $(echo $1)"
    as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get install -q -y --no-install-recommends $1
  elif command -v dnf >/dev/null 2>&1; then
    by_hand="sudo dnf install $(echo $2)"
    as_root dnf install -q -y $2
  elif command -v brew >/dev/null 2>&1; then
    brew install -q $3
  else
    say "No package manager that this script knows (apt, dnf, brew) is here."
    say "Please install the equivalents of: $(echo $1)"
    exit 3
  fi >&2
}

need_packages() {
  use_brew_paths
  have_all && return 0
  say "Installing what the build needs ..."
  install_packages "$apt_packages" "$dnf_packages" "$brew_packages" || {
    say "The package manager failed (its message is above)."
    exit 3
  }
  use_brew_paths
  have_all || { say "Packages were installed, yet something is still missing."; return 0; }
}

# quietly LOG COMMAND…: output goes to LOG, and its end is shown when the command fails.
quietly() {
  log=$1
  shift
  "$@" >"$log" 2>&1 && return 0
  tail -n 40 "$log" >&2
  say "Failed: $* (all of it: $log)"
  return 1
}

# configure FOLDER CMAKE-ARGUMENT…: a fresh folder takes ninja and ccache where they are.
configure() {
  folder=$1
  shift
  mkdir -p "$folder"
  if [ ! -f "$folder/CMakeCache.txt" ]; then
    command -v ninja >/dev/null 2>&1 && set -- -G Ninja "$@"
    command -v ccache >/dev/null 2>&1 && set -- \
      -D CMAKE_C_COMPILER_LAUNCHER=ccache -D CMAKE_CXX_COMPILER_LAUNCHER=ccache "$@"
  fi
  quietly "$folder/configure.log" cmake -S . -B "$folder" "$@"
}

# build FOLDER CMAKE-ARGUMENT…
build() {
  say "Building in $1/ ..."
  configure "$@" && quietly "$1/build.log" cmake --build "$1" -j "$(jobs_here)"
}

# build_only FOLDER TARGET…: as build, without the tests and whatever else is not named.
build_only() {
  folder=$1
  shift
  say "Building in $folder/ ..."
  configure "$folder" || return 1
  quietly "$folder/build.log" cmake --build "$folder" -j "$(jobs_here)" --target "$@"
}
