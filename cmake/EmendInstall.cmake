# What `cmake --install` puts where: programs, libraries, header, weights, manual.

install(TARGETS emend emend_shared
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/emend/emend.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/emend)
# From where emend.pc lies to the prefix, so that an installation may be moved.
file(RELATIVE_PATH EMEND_PC_UP "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" EMEND_PC_UP "${EMEND_PC_UP}")
foreach(dir LIBDIR INCLUDEDIR)
  set(EMEND_PC_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    set(EMEND_PC_${dir} "${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
configure_file(cmake/emend.pc.in emend.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/emend.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
if(EXISTS ${PROJECT_SOURCE_DIR}/models)
  install(DIRECTORY models/ DESTINATION ${CMAKE_INSTALL_DATADIR}/emend/models)
endif()
if(EXISTS ${PROJECT_SOURCE_DIR}/docs/emend.1)
  install(FILES docs/emend.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
