#!/bin/sh
# test.sh [--all] [CTEST-ARGUMENT…]: builds emend and runs its tests.
#
# What is missing is installed through apt, dnf or brew. Everything is built into build/ and
# tested with ctest. With --all, or CI=true in the environment, warnings are errors, clang has
# to agree, and the unit tests also run under the address and undefined-behaviour sanitizers.
# Exit: 0 all passed, 1 something failed, 3 something could not be installed.
set -u
cd "$(dirname "$0")" || exit 3
. tools/prepare.sh

all=no
[ "${CI:-}" = true ] && all=yes
case "${1:-}" in
  --all) all=yes; shift ;;
  -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
esac

[ $all = yes ] && CI=true && export CI # tests that fetch real servers look at it

need_packages

if [ $all = yes ]; then
  need_oracle
  command -v clang >/dev/null 2>&1 || install_packages clang clang llvm
  if command -v clang >/dev/null 2>&1; then
    build build-clang --preset clang -D CMAKE_BUILD_TYPE=Debug || exit 1
  else
    say "SKIP: clang cannot be had here, so only gcc has seen this code"
  fi
  build build-asan --preset asan || exit 1
  ctest --test-dir build-asan -L 'unit|fuzz' -j "$(jobs_here)" --output-on-failure >&2 || {
    say "The tests above failed under the sanitizers (build-asan/)."
    exit 1
  }
  build build -D EMEND_WERROR=ON || exit 1
else
  say "SKIP: clang and the sanitizers (--all, or CI=true, adds them)"
  build build || exit 1
fi

ctest --test-dir build -j "$(jobs_here)" --output-on-failure "$@" || exit 1
