# sluis_adapter(NAME sources… [LINK libs…]): an adapter from adapter.cpp, which ends in SLUIS_PLUGIN, and its other sources.
# Inside the tree and outside it (find_package(Sluis)) this is the one function that builds an adapter. It makes
#   sluis-adapter-NAME  a static library for tests: the entry point is called sluis_plugin_NAME()
#   sluis-plugin-NAME   lib/sluis/adapters/NAME.so, which the gateway loads; installed to the same place below the prefix
# In the tree SLUIS_ADAPTERS=builtin leaves the plugin out and links the first into the gateway; sanitizers use that. Only
# adapter.cpp is compiled for each. The adapter's version is its project's.
include_guard()

function(sluis_adapter name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/adapter.cpp")
    message(FATAL_ERROR "sluis_adapter(${name}): ${CMAKE_CURRENT_SOURCE_DIR}/adapter.cpp is missing; it registers the adapter")
  endif()
  set(libraries Sluis::core Sluis::protocols ${ARG_LINK})
  if(TARGET sluis-flags)
    list(PREPEND libraries sluis-flags)
  endif()
  set(stamp SLUIS_ADAPTER_VERSION="${PROJECT_VERSION}" SLUIS_HEADERS_HASH="${SLUIS_HEADERS_HASH}")

  # Hidden: two plugins in one process must not meet in each other's symbols.
  set(properties CXX_STANDARD 20 CXX_STANDARD_REQUIRED ON CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON
    CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

  set(shared_objects "")
  set(parts sluis-adapter-${name}-parts)
  if(ARG_UNPARSED_ARGUMENTS)
    add_library(${parts} OBJECT ${ARG_UNPARSED_ARGUMENTS})
    target_link_libraries(${parts} PUBLIC ${libraries})
    set_target_properties(${parts} PROPERTIES ${properties})
    set(shared_objects $<TARGET_OBJECTS:${parts}>)
  endif()

  add_library(sluis-adapter-${name} STATIC adapter.cpp ${shared_objects})
  target_compile_definitions(sluis-adapter-${name} PRIVATE SLUIS_ADAPTER_BUILTIN ${stamp})
  target_link_libraries(sluis-adapter-${name} PUBLIC ${libraries})
  set_target_properties(sluis-adapter-${name} PROPERTIES ${properties})

  if(NOT SLUIS_ADAPTERS STREQUAL "builtin")
    add_library(sluis-plugin-${name} MODULE adapter.cpp ${shared_objects})
    target_compile_definitions(sluis-plugin-${name} PRIVATE ${stamp})
    target_link_libraries(sluis-plugin-${name} PRIVATE ${libraries})
    # What lies beside a plugin in an installation is found from where it lies.
    set_target_properties(sluis-plugin-${name} PROPERTIES ${properties} PREFIX "" OUTPUT_NAME "${name}"
      LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/sluis/adapters" INSTALL_RPATH "\$ORIGIN/../..")
    install(TARGETS sluis-plugin-${name} LIBRARY DESTINATION lib/sluis/adapters COMPONENT runtime)
    foreach(file README.md example.yaml)
      if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
        install(FILES "${file}" DESTINATION "share/sluis/adapters/${name}" COMPONENT runtime)
      endif()
    endforeach()
  endif()
  if(TARGET sluis-plugins AND TARGET sluis-plugin-${name})
    add_dependencies(sluis-plugins sluis-plugin-${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY SLUIS_ADAPTER_NAMES ${name})
endfunction()
