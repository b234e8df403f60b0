# cmake --install BUILD --prefix P: the gateway (component runtime) and what adapters are built with (component sdk). The
# result can be moved: programs, libraries and plugins find each other by where they lie.
include(CMakePackageConfigHelpers)
include(SluisHeadersHash)

install(TARGETS sluis RUNTIME DESTINATION bin COMPONENT runtime)
if(TARGET sluis-sandbox)
  install(TARGETS sluis-sandbox RUNTIME DESTINATION bin COMPONENT runtime)
  set_target_properties(sluis-sandbox PROPERTIES INSTALL_RPATH "\$ORIGIN/../lib")
endif()
set_target_properties(sluis PROPERTIES INSTALL_RPATH "\$ORIGIN/../lib")
set_target_properties(sluis-core sluis-protocols PROPERTIES INSTALL_RPATH "\$ORIGIN")

install(FILES config/flows.yaml DESTINATION share/sluis COMPONENT runtime)
install(DIRECTORY config/examples DESTINATION share/sluis COMPONENT runtime)
install(FILES deploy/completions/sluis.bash DESTINATION share/bash-completion/completions RENAME sluis COMPONENT runtime)
install(FILES docs/sluis.1 DESTINATION share/man/man1 COMPONENT runtime)
install(FILES README.md LICENSE DESTINATION share/doc/sluis COMPONENT runtime)
install(DIRECTORY docs/ DESTINATION share/doc/sluis COMPONENT runtime FILES_MATCHING PATTERN "*.md" PATTERN "*.svg")

# The SDK ------------------------------------------------------------------------------------------------------------
set(sdk_targets sluis-core sluis-protocols)
if(TARGET sluis-adapter-conformance)
  list(APPEND sdk_targets sluis-adapter-conformance)
endif()
foreach(target IN LISTS sdk_targets)
  string(REPLACE "sluis-" "" exported "${target}")
  set_target_properties(${target} PROPERTIES EXPORT_NAME "${exported}")
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:include/sluis>)
  target_compile_features(${target} INTERFACE cxx_std_20)
endforeach()
install(TARGETS ${sdk_targets} EXPORT SluisTargets
  LIBRARY DESTINATION lib COMPONENT runtime NAMELINK_COMPONENT sdk
  ARCHIVE DESTINATION lib COMPONENT sdk)
install(EXPORT SluisTargets NAMESPACE Sluis:: DESTINATION lib/cmake/Sluis COMPONENT sdk)

foreach(folder IN LISTS SLUIS_PUBLIC_FOLDERS)
  get_filename_component(parent "${folder}" DIRECTORY)
  install(DIRECTORY "${folder}" DESTINATION "include/sluis/${parent}" COMPONENT sdk FILES_MATCHING PATTERN "*.h")
endforeach()

set(SLUIS_INCLUDE_DIR include/sluis)
configure_package_config_file(deploy/cmake/SluisConfig.cmake.in "${CMAKE_CURRENT_BINARY_DIR}/SluisConfig.cmake"
  INSTALL_DESTINATION lib/cmake/Sluis PATH_VARS SLUIS_INCLUDE_DIR)
# No ABI promise across minor versions: a project that asks for 0.1 must not get 0.2.
write_basic_package_version_file("${CMAKE_CURRENT_BINARY_DIR}/SluisConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/SluisConfig.cmake" "${CMAKE_CURRENT_BINARY_DIR}/SluisConfigVersion.cmake"
  deploy/cmake/SluisAdapter.cmake deploy/cmake/SluisHeadersHash.cmake DESTINATION lib/cmake/Sluis COMPONENT sdk)
