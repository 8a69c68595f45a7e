# Finding libraries, and saying which packages to install when one is missing.

# pkg-config module (or library) → package on Debian and Ubuntu; Fedora; Homebrew.
set(EMEND_PACKAGES
  "sqlite3|libsqlite3-dev|sqlite-devel|sqlite"
  "jansson|libjansson-dev|jansson-devel|jansson"
  "libutf8proc|libutf8proc-dev|utf8proc-devel|utf8proc"
  "libcurl|libcurl4-openssl-dev|libcurl-devel|curl"
  "openblas|libopenblas-dev|openblas-devel|openblas"
  "stemmer|libstemmer-dev|libstemmer-devel|snowball"
  "hnswlib|libhnswlib-dev|hnswlib-devel|hnswlib"
  "libedit|libedit-dev|libedit-devel|libedit"
  "cmocka|libcmocka-dev|libcmocka-devel|cmocka"
  "pkg-config|pkg-config|pkgconf-pkg-config|pkgconf")

set(EMEND_MISSING "")
find_package(PkgConfig QUIET)

macro(emend_need prefix module)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(${prefix} QUIET IMPORTED_TARGET ${module})
  endif()
  if(NOT ${prefix}_FOUND)
    list(APPEND EMEND_MISSING ${module})
  endif()
endmacro()

macro(emend_need_library prefix name header)
  find_library(${prefix}_LIBRARY ${name})
  find_path(${prefix}_INCLUDE ${header})
  if(NOT ${prefix}_LIBRARY OR NOT ${prefix}_INCLUDE)
    list(APPEND EMEND_MISSING ${name})
  endif()
endmacro()

# A library that is headers alone.
macro(emend_need_header prefix name header)
  find_path(${prefix}_INCLUDE ${header})
  if(NOT ${prefix}_INCLUDE)
    list(APPEND EMEND_MISSING ${name})
  endif()
endmacro()

# Stops the configuration when anything is missing, with the line that installs it.
function(emend_report_missing)
  set(missing ${EMEND_MISSING})
  if(NOT PKG_CONFIG_FOUND)
    list(INSERT missing 0 pkg-config)
  endif()
  if(NOT missing)
    return()
  endif()
  set(apt "")
  set(dnf "")
  set(brew "")
  foreach(row ${EMEND_PACKAGES})
    string(REPLACE "|" ";" row "${row}")
    list(GET row 0 name)
    if(name IN_LIST missing)
      list(GET row 1 package)
      string(APPEND apt " ${package}")
      list(GET row 2 package)
      string(APPEND dnf " ${package}")
      list(GET row 3 package)
      string(APPEND brew " ${package}")
    endif()
  endforeach()
  list(JOIN missing ", " names)
  message(FATAL_ERROR "Not found: ${names}. Install and configure again:\n"
    "  Debian, Ubuntu:  sudo apt install${apt}\n"
    "  Fedora:          sudo dnf install${dnf}\n"
    "  macOS:           brew install${brew}\n"
    "or let ./test.sh do it.")
endfunction()
