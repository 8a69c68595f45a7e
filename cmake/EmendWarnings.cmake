# The compiler flags that every target of ours shares.

function(emend_set_flags target)
  target_compile_options(${target} INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
    $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes> $<$<COMPILE_LANGUAGE:C>:-Wmissing-prototypes>
    -Wcast-qual -Wvla -Wformat=2 -Wundef)
  if(EMEND_WERROR)
    target_compile_options(${target} INTERFACE -Werror)
  endif()

  set(sanitizers ${EMEND_SANITIZE})
  if(EMEND_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
      message(FATAL_ERROR "EMEND_FUZZ needs clang: cmake --preset fuzz, or CC=clang")
    endif()
    target_compile_options(${target} INTERFACE -fsanitize=fuzzer-no-link)
  endif()
  if(sanitizers)
    target_compile_options(${target} INTERFACE -fsanitize=${sanitizers}
      -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(${target} INTERFACE -fsanitize=${sanitizers})
  endif()

  if(EMEND_COVERAGE)
    target_compile_options(${target} INTERFACE --coverage)
    target_link_options(${target} INTERFACE --coverage)
  endif()
endfunction()
